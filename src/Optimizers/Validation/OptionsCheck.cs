namespace Optimizers;

/// <summary>Checks options before anybody uses them.</summary>
internal static class OptionsCheck
{
    /// <summary>Checks what all options have, then what is particular to these.</summary>
    public static void Validate(IOptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require.NonNegative(options.LearningRate, nameof(options.LearningRate));
        Require.NonNegative(options.WeightDecay, nameof(options.WeightDecay));
        Require.Positive(options.SafeMagnitude, nameof(options.SafeMagnitude));
        if (!Enum.IsDefined(options.DecayForm))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.DecayForm, $"{nameof(options.DecayForm)} is no {nameof(DecayForm)}.");
        }

        options.Validate();
        if (options.Cautious && !CanBeCautious(options.Define(), options.DecayForm))
        {
            throw new ArgumentException(
                $"{nameof(options.Cautious)} cannot be set, because the rule of {options.GetType().Name} depends on the parameter.",
                nameof(options));
        }
    }

    // An element-wise rule runs on a parameter of 0, which would hide a decay from it.
    private static bool CanBeCautious(OptimizerDefinition definition, DecayForm decay) =>
        definition.Cautious() is not null && (definition.Measures || decay != DecayForm.InRule);
}
