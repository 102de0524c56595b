namespace Optimizers;

/// <summary>
/// The hyperparameters of an optimizer, as plain data. A <see cref="ParameterGroup"/> and an <see cref="Optimizer"/> are created
/// from them. To write an optimizer of your own, implement this interface on a record.
/// </summary>
public interface IOptimizerOptions
{
    /// <summary>The learning rate η of a step, unless the caller or a schedule gives another rate. Finite, at least 0.</summary>
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
    /// by at most 1,000. Default false.
    /// </summary>
    /// <remarks>
    /// The update is compared with the gradient that the update formula (the rule) gets. This gradient includes a coupled decay.
    /// A decoupled decay acts on every element. The update is computed twice in a step: once to count the moving elements, once
    /// to move them. An element whose update or gradient is NaN does not move. For authors of rules: an element-wise rule with
    /// this option gets the value 0 instead of the parameter, so it must not use the parameter. A measuring rule gets the real
    /// value in its <c>Step</c> method.
    /// </remarks>
    bool Cautious => false;

    /// <summary>
    /// The momentum or β₁ of these options, if a schedule may replace it at each step. The rule reads the value of the step from
    /// <see cref="StepScalars.MomentumOr"/>. Default null: a schedule cannot replace a momentum, and a momentum schedule is an
    /// error.
    /// </summary>
    double? SchedulableMomentum => null;

    /// <summary>
    /// Whether a step may update only some rows of a table, while rows without a gradient keep their values and their state.
    /// Default false: a step with row gradients throws.
    /// </summary>
    bool TakesRows => false;

    /// <summary>
    /// The magnitude up to which the rule cannot overflow. A step must leave parameters and state finite if gradients, parameters
    /// and state have at most this magnitude, and values of <see cref="StateSlot.NonNegative"/> slots have at most its square.
    /// Above 0; default 1e15, which is right for a rule that squares one of these numbers or multiplies two of them.
    /// </summary>
    /// <remarks>
    /// With <see cref="NonFinitePolicy.Throw"/> or <see cref="NonFinitePolicy.Skip"/>, a step is applied directly if gradients,
    /// parameters and state stay at or below this magnitude. Otherwise the step is first tried on a copy, and refused if a
    /// parameter or its state would become infinite or NaN. A bound that is too small therefore costs time but changes no result.
    /// A rule that only adds gradients and multiplies them by its own factors can return 1e30. A rule that computes third or
    /// fourth powers must return less than the default.
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
