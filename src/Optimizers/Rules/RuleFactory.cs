namespace Optimizers.Rules;

/// <summary>Makes the rule of a step from its numbers and from the scalars of state.</summary>
/// <param name="step">The numbers of the step.</param>
/// <param name="scalars">The scalars of state, in the order in which they were named, as the tensor's last update has left
/// them. The function changes them into what they are after this update; they count once the step is taken.</param>
/// <typeparam name="TRule">The rule.</typeparam>
public delegate TRule RuleFactory<TRule>(StepScalars step, Span<double> scalars)
    where TRule : struct, IUpdateRule<TRule>;
