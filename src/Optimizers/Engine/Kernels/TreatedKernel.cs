namespace Optimizers.Engine;

/// <summary>Picks, from what a step asks for around the rule, the types that the kernel is compiled for.</summary>
internal static class TreatedKernel
{
    /// <summary>Runs a rule that reads the gradient.</summary>
    public static void Run<TRule, TWriting, TStorage>(
        in TRule rule, in Treatment treatment, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        if (treatment.GradientLimit < float.PositiveInfinity)
        {
            if (treatment.ZeroGradient)
            {
                RunRead<TRule, ZeroedGradient<LimitedGradient>, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
            }
            else
            {
                RunRead<TRule, LimitedGradient, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
            }
        }
        else if (treatment.ZeroGradient)
        {
            RunRead<TRule, ZeroedGradient<ScaledGradient>, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else if (treatment.GradientScale != 1)
        {
            RunRead<TRule, ScaledGradient, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else
        {
            RunRead<TRule, PlainGradient, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
    }

    /// <summary>Runs a rule over gradients that are read in one certain way.</summary>
    public static void RunRead<TRule, TGradient, TWriting, TStorage>(
        in TRule rule, in Treatment treatment, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        if (treatment.AtRest)
        {
            RunWritten<TRule, TGradient, AtRest<TWriting>, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else
        {
            RunWritten<TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
    }

    private static unsafe void RunWritten<TRule, TGradient, TWriting, TStorage>(
        in TRule rule, in Treatment treatment, in TensorAddresses tensor, nuint start, nuint end, int widestLane)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        if (tensor.RoundedCopy == null)
        {
            Kernel.Run<TRule, TGradient, TWriting, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
        else
        {
            Kernel.Run<TRule, TGradient, RoundedCopy<TWriting>, TStorage>(rule, treatment, tensor, start, end, widestLane);
        }
    }
}
