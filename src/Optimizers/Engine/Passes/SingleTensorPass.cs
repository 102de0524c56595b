namespace Optimizers.Engine;

/// <summary>Runs a rule over one tensor outside a step, on the caller's thread.</summary>
internal static unsafe class SingleTensorPass
{
    private const int Piece = 1024;

    /// <summary>Makes a rule update the state from an input that is not the gradient of a step.</summary>
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
            Run<TRule, ScaledGradient, ReadOnlyParameter, Flushed<Float32, EveryUpdate>>(rule, state, address);
        }
    }

    /// <summary>Makes a rule move the parameters with the present state.</summary>
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
            Run<TRule, NoGradient, DecoupledDecay, ReadOnlyStorage<Float32>>(rule, state, address);
        }
    }

    private static void Check(OptimizerState state, ReadOnlySpan<float> values, string? name)
    {
        Require.LengthOfOptimizer(values.Length, state.Length, "elements", name);
        state.RequireApart(values, "elements", name);
    }

    [SkipLocalsInit]
    private static void Run<TRule, TGradient, TParameter, TStorage>(in TRule rule, OptimizerState state, float* elements)
        where TRule : struct, IUpdateRule<TRule>
        where TGradient : struct, IGradientReading
        where TParameter : struct, IParameterAccess
        where TStorage : struct, IStorage
    {
        var addresses = new TensorAddresses { Parameters = elements, Gradients = elements, Slots = state.Addresses };
        if (state.Format == StateFormat.Float32)
        {
            Kernel.Run<TRule, TGradient, TParameter, TStorage>(
                rule, StepTransforms.None, addresses, 0, (nuint)state.Length, Kernel.WidestLane);
            GC.KeepAlive(state);
            return;
        }

        float* scratch = stackalloc float[SlotAddresses.Count * Piece];
        for (nuint start = 0; start < (nuint)state.Length; start += Piece)
        {
            nuint end = nuint.Min(start + Piece, (nuint)state.Length);
            for (int i = 0; i < state.Slots.Count; i++)
            {
                float* values = scratch + (i * Piece);
                state.Slots[i].Read(start, end, values, Kernel.WidestLane);
                addresses.Slots[i].Elements = values - start;
            }

            Kernel.Run<TRule, TGradient, TParameter, TStorage>(rule, StepTransforms.None, addresses, start, end, Kernel.WidestLane);
            for (int i = 0; i < state.Slots.Count && !TStorage.IsReadOnly; i++)
            {
                state.Slots[i].Write(start, end, scratch + (i * Piece), state.Iteration, Kernel.WidestLane);
            }
        }

        GC.KeepAlive(state);
    }
}
