namespace Optimizers.Rules;

/// <summary>Creates the rule of a step from the numbers of the step and the state scalars.</summary>
/// <param name="step">The numbers of the step.</param>
/// <param name="scalars">The state scalars, in the order of the definition, with their values after the tensor's last update. The
/// function sets them to their values after this update. The changes take effect when the step is applied.</param>
/// <typeparam name="TRule">The rule.</typeparam>
public delegate TRule RuleFactory<TRule>(StepScalars step, Span<double> scalars)
    where TRule : struct, IUpdateRule<TRule>;
