namespace Optimizers;

/// <summary>Checks options before they are used.</summary>
internal static class OptionsCheck
{
    /// <summary>Checks the settings that all options have, then those of the particular options.</summary>
    public static void Validate(IOptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require.NonNegative(options.LearningRate, nameof(options.LearningRate));
        Require.NonNegative(options.WeightDecay, nameof(options.WeightDecay));
        Require.Positive(options.SafeMagnitude, nameof(options.SafeMagnitude));
        if (!Enum.IsDefined(options.DecayForm))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.DecayForm, $"{nameof(options.DecayForm)} must be one of {string.Join(", ", Enum.GetNames<DecayForm>())}.");
        }

        options.Validate();
        if (options.Cautious && WhyNotCautious(DefinitionOf(options), options.DecayForm) is { } reason)
        {
            throw new ArgumentException(
                $"{nameof(options.Cautious)} cannot be set, because the rule of {options.GetType().Name} {reason}.", nameof(options));
        }
    }

    /// <summary>Returns the definition of the optimizer.</summary>
    /// <exception cref="InvalidOperationException">The options return null.</exception>
    public static OptimizerDefinition DefinitionOf(IOptimizerOptions options) => options.Define()
        ?? throw new InvalidOperationException(
            $"{options.GetType().Name}.{nameof(options.Define)} returned null. It must return an {nameof(OptimizerDefinition)}.");

    // A cautious element-wise rule runs on a parameter of 0, so a decay inside the rule would have no effect.
    private static string? WhyNotCautious(OptimizerDefinition definition, DecayForm decay) =>
        definition.Measures ? (definition.Cautious() is null ? "depends on the parameter" : null)
        : definition.Matrices is not null
            ? $"needs sums over rows or columns; only rules made with {nameof(OptimizerDefinition.MeasuringOfLines)} can be cautious"
        : decay == DecayForm.InRule ? "depends on the parameter"
        : null;
}
