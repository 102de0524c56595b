namespace Optimizers.Rules;

/// <summary>The scalars of one step of one parameter, in double. A rule computes its own scalars from them.</summary>
/// <param name="Iteration">The number t of this update of this parameter, counted from 1.</param>
/// <param name="LearningRate">The rate η of this step.</param>
/// <param name="WeightDecay">The weight decay λ of the parameter's group, for rules that apply the decay themselves.</param>
public readonly record struct StepScalars(long Iteration, double LearningRate, double WeightDecay)
{
    // βᵗ is at most e^(−t(1 − β)). If t(1 − β) is above 40, βᵗ is less than e⁻⁴⁰, and 1 − βᵗ rounds to 1 in double.
    private const double Faded = 40;

    // NaN means none. A double stays in a register; a nullable double is copied through memory, which slows down a small step.
    private readonly double _momentum = double.NaN;
    private readonly double _momentumProduct = double.NaN;

    internal StepScalars(long iteration, double learningRate, double weightDecay, double momentum, double momentumProduct)
        : this(iteration, learningRate, weightDecay)
    {
        _momentum = momentum;
        _momentumProduct = momentumProduct;
    }

    /// <summary>The momentum or β₁ that a schedule sets for this step; null if the value of the options applies.</summary>
    public double? Momentum
    {
        get => double.IsNaN(_momentum) ? null : _momentum;
        init => _momentum = value ?? double.NaN;
    }

    /// <summary>The product of the β₁ of all updates of this parameter up to this one; null if all used the β₁ of the
    /// options.</summary>
    public double? MomentumProduct
    {
        get => double.IsNaN(_momentumProduct) ? null : _momentumProduct;
        init => _momentumProduct = value ?? double.NaN;
    }

    /// <summary>The momentum or β₁ of this step.</summary>
    /// <param name="momentum">The momentum or β₁ of the options.</param>
    public double MomentumOr(double momentum) => double.IsNaN(_momentum) ? momentum : _momentum;

    /// <summary>1 − βᵗ: the sum of the weights of all t gradients in a running average. The average starts from 0 and has the
    /// decay rate β.</summary>
    /// <remarks>Computed by repeated squaring, so that the number is the same on every platform.</remarks>
    public double BiasCorrection(double beta) =>
        Iteration * (1 - beta) > Faded ? 1 : 1 - Powers.Of(beta, (ulong)Iteration);

    /// <summary>The sum of the weights of all t gradients in the first moment: 1 − β₁ᵗ or, if updates used another β₁ than that of
    /// the options, 1 − Πβ₁ with the β₁ of each update.</summary>
    /// <param name="beta1">The β₁ of the options.</param>
    public double MomentumCorrection(double beta1) =>
        double.IsNaN(_momentumProduct) ? BiasCorrection(beta1) : 1 - _momentumProduct;
}

/// <summary>The updates of a tensor so far, as far as a rule needs to know them.</summary>
/// <param name="Iteration">The number of updates.</param>
/// <param name="MomentumProduct">The product of the β₁ of all updates; NaN if all used the β₁ of the options.</param>
internal readonly record struct UpdateHistory(long Iteration, double MomentumProduct);
