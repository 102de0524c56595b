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
        if (options.Cautious && WhyNotCautious(DefinitionOf(options), options.DecayForm) is { } reason)
        {
            throw new ArgumentException(
                $"{nameof(options.Cautious)} cannot be set, because the rule of {options.GetType().Name} {reason}.", nameof(options));
        }
    }

    /// <summary>What the options define.</summary>
    /// <exception cref="InvalidOperationException">They return null.</exception>
    public static OptimizerDefinition DefinitionOf(IOptimizerOptions options) => options.Define()
        ?? throw new InvalidOperationException(
            $"{options.GetType().Name}.{nameof(options.Define)} returned null. Return an {nameof(OptimizerDefinition)}.");

    // An element-wise rule runs on a parameter of 0, which would hide a decay from it.
    private static string? WhyNotCautious(OptimizerDefinition definition, DecayForm decay) =>
        definition.Measures ? (definition.Cautious() is null ? "depends on the parameter" : null)
        : definition.Matrices is not null
            ? $"takes sums over rows or columns; a rule of {nameof(OptimizerDefinition.MeasuringOfLines)} can be cautious"
        : decay == DecayForm.InRule ? "depends on the parameter"
        : null;
}
