namespace Optimizers;

/// <summary>The options of <see cref="Ftrl"/>.</summary>
public sealed record FtrlOptions : IOptimizerOptions, INamed
{
    /// <inheritdoc/>
    /// <remarks>Default 0.001, as in TensorFlow’s Keras.</remarks>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>
    /// The value −q, where q is the exponent with which the rate falls. Finite, at most 0; default −0.5, as in the paper.
    /// With other values a step takes longer.
    /// </summary>
    public double LearningRatePower { get; init; } = -0.5;

    /// <summary>β, added to n^q. Finite, at least 0; default 0 (1 in the paper).</summary>
    public double Beta { get; init; }

    /// <summary>The weight of the penalty Σ|p|, which makes parameters exactly 0. Finite, at least 0; default 0.</summary>
    public double L1 { get; init; }

    /// <summary>The weight of the penalty ½Σp². Finite, at least 0; default 0.</summary>
    public double L2 { get; init; }

    /// <summary>The initial value of every sum of squares. Finite, at least 0; default 0.1, as in TensorFlow (0 in the
    /// paper).</summary>
    public double InitialAccumulator { get; init; } = 0.1;

    void IOptimizerOptions.Validate()
    {
        if (!(LearningRatePower <= 0) || !float.IsFinite((float)LearningRatePower))
        {
            throw new ArgumentOutOfRangeException(
                nameof(LearningRatePower), LearningRatePower, $"{nameof(LearningRatePower)} is {LearningRatePower}, but must be finite and at most 0.");
        }

        Require.NonNegative(Beta);
        Require.NonNegative(L1);
        Require.NonNegative(L2);
        Require.NonNegative(InitialAccumulator);
    }

    OptimizerDefinition IOptimizerOptions.Define()
    {
        var z = new StateSlot("z");
        var n = new StateSlot("n", (float)InitialAccumulator) { NonNegative = true };
        return LearningRatePower == -0.5
            ? OptimizerDefinition.Elementwise(step => new FtrlRule(new(step.LearningRate, this)), z, n)
            : OptimizerDefinition.Elementwise(step => new PowerFtrlRule(new(step.LearningRate, this), -LearningRatePower), z, n);
    }

    internal static NamedType Named { get; } = new NamedOptimizer<FtrlOptions>(nameof(Ftrl), new FtrlContract(), (n, o, t) => new Ftrl(n, o, t));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(FtrlOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class FtrlContract : JsonSerializerContext;

/// <summary>FTRL-Proximal (follow the regularized leader), for sparse features. With L1 it makes parameters exactly 0.</summary>
/// <remarks>
/// <para>McMahan et al. 2013, doi:10.1145/2487575.2488200, algorithm 1.</para>
/// <code>
/// q = −LearningRatePower, a = n^q
/// n ← n + g², b = n^q
/// z ← z + g − (b − a)/η·p
/// p ← 0 where |z| ≤ L1, elsewhere (sign(z)·L1 − z)/((β + b)/η + L2)
/// </code>
/// <para>b − a is computed as g²/(a + b), or in double, because a difference of floats would lose small gradients. Each
/// update computes p from z and n only, so the first update forgets the initial value of p. A quotient 0/0 is 0. The formula
/// has no meaning at rate 0: at rate 0, and if 1/η or β/η is not a finite float, nothing changes, including the state.
/// Weight decay is L2; the decay of a group is coupled.</para>
/// <para>State: 8 bytes per parameter (<c>z</c>, <c>n</c>). With a zero gradient the state does not change, and p gets the
/// value that the formula computes from the state. A NaN, or a gradient whose square is infinite, makes its parameter and
/// state NaN.</para>
/// </remarks>
/// <param name="length">The number of parameters, at least 0.</param>
/// <param name="options">The hyperparameters; null for the defaults.</param>
/// <param name="threads">The maximum number of threads of a step; 0 for the number of processors.</param>
/// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
public sealed class Ftrl(int length, FtrlOptions? options = null, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
    : Optimizer(length, options ?? new FtrlOptions(), threads, stateFormat);

/// <summary>The part of the formula after b and b − a have been computed.</summary>
internal readonly struct FtrlFormula(double rate, FtrlOptions options)
{
    // The same rounded 1/η is used to add p to z and to compute p from z.
    private readonly float _inverse = (float)(1 / rate);
    private readonly float _offset = (float)((options.Beta / rate) + options.L2);
    private readonly float _l1 = (float)options.L1;

    public bool Rests => float.IsInfinity(_inverse) || float.IsInfinity(_offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Lead<V>(V g, V growth, V root, ref V p, ref V z)
        where V : struct, ILane<V>
    {
        z += g - growth * _inverse * p;
        V beyond = V.CopySign(V.Splat(_l1), z) - z;
        p = V.IfLess(
            V.Abs(z), V.Splat(_l1), V.Splat(0), V.DivideOrZero(beyond, root * _inverse + _offset));
    }
}

/// <summary>The rule for the exponent −½, with which a and b are square roots.</summary>
internal readonly struct FtrlRule(FtrlFormula f) : IUpdateRule2<FtrlRule>
{
    private readonly FtrlFormula _f = f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V z, ref V n)
        where V : struct, ILane<V>
    {
        if (_f.Rests)
        {
            return;
        }

        V square = g * g;
        V before = V.Sqrt(n);
        n += square;
        V root = V.Sqrt(n);
        _f.Lead(g, V.DivideOrZero(square, before + root), root, ref p, ref z);
    }
}

/// <summary>The rule for all other exponents.</summary>
internal readonly struct PowerFtrlRule(FtrlFormula f, double power) : IUpdateRule2<PowerFtrlRule>
{
    private readonly FtrlFormula _f = f;
    private readonly double _power = power;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V z, ref V n)
        where V : struct, ILane<V>
    {
        if (_f.Rests)
        {
            return;
        }

        V square = g * g;
        V growth = LanePower.Growth(n, square, _power);
        n += square;
        _f.Lead(g, growth, V.Pow(n, V.Splat((float)_power)), ref p, ref z);
    }
}
