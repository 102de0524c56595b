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
        if (!Enum.IsDefined(options.DecayForm))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.DecayForm, $"{nameof(options.DecayForm)} is no form of decay.");
        }

        options.Validate();
    }
}
