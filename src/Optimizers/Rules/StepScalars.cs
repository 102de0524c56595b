namespace Optimizers.Rules;

/// <summary>The scalars of one step of one parameter, from which a rule works out its own, in double.</summary>
/// <param name="Iteration">The number t of this update of this parameter, counted from 1.</param>
/// <param name="LearningRate">The rate η of this step.</param>
/// <param name="WeightDecay">The weight decay λ of the parameter's group, for rules that apply it themselves.</param>
public readonly record struct StepScalars(long Iteration, double LearningRate, double WeightDecay)
{
    // βᵗ is at most e^(−t(1 − β)), and e⁻⁴⁰ is below the last digit of 1.
    private const double Faded = 40;

    // NaN: none. A double stays in a register where a nullable one is copied through memory, which a small step notices.
    private readonly double _momentum = double.NaN;
    private readonly double _momentumProduct = double.NaN;

    internal StepScalars(long iteration, double learningRate, double weightDecay, double momentum, double momentumProduct)
        : this(iteration, learningRate, weightDecay)
    {
        _momentum = momentum;
        _momentumProduct = momentumProduct;
    }

    /// <summary>The momentum or β₁ that a schedule gives to this step; null: that of the options.</summary>
    public double? Momentum
    {
        get => double.IsNaN(_momentum) ? null : _momentum;
        init => _momentum = value ?? double.NaN;
    }

    /// <summary>The product of the β₁ of all updates of this parameter up to this one; null: all were that of the options.</summary>
    public double? MomentumProduct
    {
        get => double.IsNaN(_momentumProduct) ? null : _momentumProduct;
        init => _momentumProduct = value ?? double.NaN;
    }

    /// <summary>The momentum or β₁ of this step.</summary>
    /// <param name="momentum">That of the options.</param>
    public double MomentumOr(double momentum) => double.IsNaN(_momentum) ? momentum : _momentum;

    /// <summary>1 − βᵗ: what an average that started from 0 with weight β has gathered so far.</summary>
    /// <remarks>By repeated squaring, so that it is the same number on every platform.</remarks>
    public double BiasCorrection(double beta) =>
        Iteration * (1 - beta) > Faded ? 1 : 1 - Powers.Of(beta, (ulong)Iteration);

    /// <summary>1 − β₁ᵗ, or 1 − Πβ₁ with the β₁ that were used: what the first moment has gathered so far.</summary>
    /// <param name="beta1">That of the options.</param>
    public double MomentumCorrection(double beta1) =>
        double.IsNaN(_momentumProduct) ? BiasCorrection(beta1) : 1 - _momentumProduct;
}

/// <summary>How old a tensor is, as far as a rule needs to know.</summary>
/// <param name="Iteration">The number of updates.</param>
/// <param name="MomentumProduct">The product of the β₁ of all of them; NaN: all were that of the options.</param>
internal readonly record struct TensorAge(long Iteration, double MomentumProduct);
