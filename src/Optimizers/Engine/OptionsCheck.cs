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
        if (options.Cautious && (options.DecayForm == DecayForm.InRule || options.CreateUpdate().Cautious() is null))
        {
            throw new ArgumentException(
                $"{nameof(options.Cautious)} is set, but {options.GetType().Name} has an update that uses the parameter or sums over its tensor.",
                nameof(options));
        }
    }
}
