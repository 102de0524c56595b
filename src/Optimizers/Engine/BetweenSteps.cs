namespace Optimizers;

/// <summary>Runs a rule over one tensor outside a step, on the caller's thread.</summary>
internal static unsafe class BetweenSteps
{
    /// <summary>Has a rule update the state from an input that is no gradient of a step.</summary>
    public static void Feed<TRule>(
        in TRule rule,
        OptimizerState state,
        ReadOnlySpan<float> input,
        [CallerArgumentExpression(nameof(input))] string? name = null)
        where TRule : struct, IUpdateRule<TRule>
    {
        Check(state, input, name);
        fixed (float* address = input)
        {
            Run<TRule, PlainGradient, Untouched, Flushed<Float32, EveryUpdate>>(rule, state, address);
        }
    }

    /// <summary>Has a rule move the parameters by the state as it stands.</summary>
    public static void Move<TRule>(
        in TRule rule,
        OptimizerState state,
        Span<float> parameters,
        [CallerArgumentExpression(nameof(parameters))] string? name = null)
        where TRule : struct, IUpdateRule<TRule>
    {
        Check(state, parameters, name);
        fixed (float* address = parameters)
        {
            Run<TRule, NoGradient, NoDecay, ReadOnlyStorage<Float32>>(rule, state, address);
        }
    }

    private static void Check(OptimizerState state, ReadOnlySpan<float> values, string? name)
    {
        if (values.Length != state.Length)
        {
            throw new ArgumentException($"There are {values.Length} elements, but the optimizer was made for {state.Length}.", name);
        }

        if (state.Overlaps(values))
        {
            throw new ArgumentException("The elements overlap the optimizer's own state.", name);
        }
    }

    private static void Run<TRule, TGradient, TWriting, TStorage>(in TRule rule, OptimizerState state, float* elements)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
        where TStorage : struct, IStorage
    {
        var addresses = new TensorAddresses { Parameters = elements, Gradients = elements, Slots = state.Addresses };
        Kernel.Run<TRule, TGradient, TWriting, TStorage>(
            rule, default, addresses, 0, (nuint)state.Length, Kernel.WidestLane);
        GC.KeepAlive(state);
    }
}
