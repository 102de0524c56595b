namespace Optimizers;

/// <summary>
/// The hyperparameters of an optimizer, as plain data: what a <see cref="ParameterGroup"/> is given, and what
/// <see cref="Optimizer"/> runs. Implement it on a record of your own to bring your own optimizer.
/// </summary>
public interface IOptimizerOptions
{
    /// <summary>The rate η of a step that is not given another one. Finite, at least 0.</summary>
    double LearningRate { get; }

    /// <summary>The weight decay λ. Finite, at least 0; default 0.</summary>
    double WeightDecay => 0;

    /// <summary>How the weight decay acts. Default <see cref="Optimizers.DecayForm.Coupled"/>.</summary>
    DecayForm DecayForm => DecayForm.Coupled;

    /// <summary>Whether to climb instead of to descend: gradients are negated first of all. Default false.</summary>
    bool Maximize => false;

    /// <summary>
    /// Whether an element moves only where its update goes against its gradient, and then by as much more as there are fewer such
    /// elements in the tensor, at most a thousandfold (Liang et al. 2024, arXiv 2411.16085). Default false.
    /// </summary>
    /// <remarks>
    /// The gradient is what the rule sees of it, a coupled decay included; a decoupled one acts on every element. A rule of yours
    /// must not use the parameter. It runs twice in a step: once to count, once to apply. A NaN agrees with nothing.
    /// </remarks>
    bool Cautious => false;

    /// <summary>
    /// The momentum or β₁ of these options, in whose place a schedule may set another for each step; the rule takes it from
    /// <see cref="StepScalars.MomentumOr"/>. Null, the default: there is none, and a schedule for it is refused.
    /// </summary>
    double? SchedulableMomentum => null;

    /// <summary>
    /// Whether an update of some rows of a table alone makes sense: those without a gradient keep their values and their state.
    /// Default false, and such gradients are refused.
    /// </summary>
    bool TakesRows => false;

    /// <summary>
    /// The magnitude up to which nothing that the rule computes can overflow, whatever it is computed from: gradients, parameters
    /// and state of at most this magnitude, and values of slots that are <see cref="StateSlot.NonNegative"/> of at most its
    /// square. Above 0; default 1e15, which is right for a rule that squares or multiplies two of them.
    /// </summary>
    /// <remarks>
    /// A step that <see cref="NonFinitePolicy"/> checks is taken directly below this magnitude. Above it the step is first tried on a
    /// copy, and refused if a parameter or its state would become infinite or NaN; so a value that is too small costs time and
    /// changes nothing. A rule that only adds gradients and multiplies them by its own factors may say 1e30; a rule that takes
    /// third or fourth powers has to say less than the default.
    /// </remarks>
    double SafeMagnitude => 1e15;

    /// <summary>Checks what is particular to these options; the members of this interface are checked by their user.</summary>
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
    void Validate()
    {
    }

    /// <summary>Defines the optimizer: its rule and its state. Called after <see cref="Validate"/>.</summary>
    OptimizerDefinition Define();
}

/// <summary>How weight decay λ acts on a parameter p with gradient g at rate η.</summary>
public enum DecayForm
{
    /// <summary>L2 regularisation: g ← g + λp before anything else sees g.</summary>
    Coupled,

    /// <summary>
    /// Decoupled (Loshchilov &amp; Hutter 2019): p ← p·(1 − ηλ) before the step, unseen by the moments. A step with ηλ above 1,
    /// which would change signs, is refused with a <see cref="WeightDecayException"/>.
    /// </summary>
    Decoupled,

    /// <summary>The rule applies it itself, from <see cref="StepScalars.WeightDecay"/>.</summary>
    InRule,
}
