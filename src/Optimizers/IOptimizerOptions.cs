namespace Optimizers;

/// <summary>
/// The hyperparameters of an optimizer, as plain data. A <see cref="ParameterGroup"/> and an <see cref="Optimizer"/> are created
/// from them. To write an optimizer of your own, implement this interface on a record.
/// </summary>
public interface IOptimizerOptions
{
    /// <summary>The learning rate η of a step that is given no other rate. Finite, at least 0.</summary>
    double LearningRate { get; }

    /// <summary>The weight decay λ. Finite, at least 0; default 0.</summary>
    double WeightDecay => 0;

    /// <summary>How the weight decay acts. Default <see cref="Optimizers.DecayForm.Coupled"/>.</summary>
    DecayForm DecayForm => DecayForm.Coupled;

    /// <summary>Whether to maximise instead of minimise: every gradient is negated first. Default false.</summary>
    bool Maximize => false;

    /// <summary>
    /// Whether an element moves only if its update goes against its gradient (cautious updates, Liang et al. 2024, arXiv
    /// 2411.16085). The updates of the moving elements are multiplied by (number of all elements)/(number of moving elements),
    /// at most by 1,000. Default false.
    /// </summary>
    /// <remarks>
    /// The gradient is that of the rule, so it includes a coupled decay. A decoupled decay acts on every element.
    /// The rule must not use the value of the parameter. It runs twice in a step: once to count, once to apply. An element
    /// whose update or gradient is NaN does not move.
    /// </remarks>
    bool Cautious => false;

    /// <summary>
    /// The momentum or β₁ of these options, if a schedule may replace it at each step. The rule reads the value in use from
    /// <see cref="StepScalars.MomentumOr"/>. Default null: the options have no momentum, and a momentum schedule is an error.
    /// </summary>
    double? SchedulableMomentum => null;

    /// <summary>
    /// Whether a step may update only some rows of a table, while rows without a gradient keep their values and their state.
    /// Default false: a step with row gradients throws.
    /// </summary>
    bool TakesRows => false;

    /// <summary>
    /// The magnitude up to which the rule cannot overflow. The bound holds for gradients, parameters and state of at most this
    /// magnitude, and for values of <see cref="StateSlot.NonNegative"/> slots of at most its square. Above 0; default 1e15,
    /// which is right for a rule that squares one of them or multiplies two.
    /// </summary>
    /// <remarks>
    /// With a <see cref="NonFinitePolicy"/> that checks, a step below this magnitude is applied directly. Above it, the step
    /// is first tried on a copy, and refused if a parameter or its state would become infinite or NaN. A value that is too
    /// small therefore costs time but changes no result. A rule that only adds gradients and multiplies them by its own
    /// factors can return 1e30. A rule that computes third or fourth powers must return less than the default.
    /// </remarks>
    double SafeMagnitude => 1e15;

    /// <summary>Checks the options that are particular to this type; the library checks the members of this interface
    /// itself.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    void Validate()
    {
    }

    /// <summary>Defines the optimizer: its rule and its state. Called after <see cref="Validate"/>.</summary>
    OptimizerDefinition Define();
}

/// <summary>How weight decay λ acts on a parameter p with gradient g at rate η.</summary>
public enum DecayForm
{
    /// <summary>L2 regularisation: g ← g + λp before all other operations.</summary>
    Coupled,

    /// <summary>
    /// Decoupled (Loshchilov &amp; Hutter 2019): p ← p·(1 − ηλ) before the step; the moments do not include it. A step with ηλ
    /// above 1 would change the signs of parameters, so it throws a <see cref="WeightDecayException"/>.
    /// </summary>
    Decoupled,

    /// <summary>The rule applies the decay itself; it reads <see cref="StepScalars.WeightDecay"/>.</summary>
    InRule,
}
