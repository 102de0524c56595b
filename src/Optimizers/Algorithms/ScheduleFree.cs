namespace Optimizers;

/// <summary>The options that the schedule-free optimizers share.</summary>
internal interface IScheduleFreeOptions : IOptimizerOptions
{
    /// <summary>β in y = (1 − β)z + βx.</summary>
    double Interpolation { get; }

    long WarmupSteps { get; }

    double R { get; }

    double WeightLrPower { get; }
}

/// <summary>Moves the parameters between the training point y and the evaluation point x.</summary>
internal static class ScheduleFreePoints
{
    public const int WeightSum = 0;
    public const int LargestRate = 1;
    public const int Evaluating = 2;

    private const string EvaluatingName = "evaluating";

    public static IReadOnlyList<StateScalar> Scalars { get; } = [new("weight_sum"), new("lr_max"), new(EvaluatingName)];

    public static void Validate(IScheduleFreeOptions options)
    {
        Require.AtLeast(options.WarmupSteps, 0, nameof(options.WarmupSteps));
        Require.NonNegative(options.R, nameof(options.R));
        Require.NonNegative(options.WeightLrPower, nameof(options.WeightLrPower));
    }

    public static bool IsEvaluating(OptimizerState state) => state.Scalar(EvaluatingName) != 0;

    public static void Switch(OptimizerState state, Span<float> parameters, double interpolation, bool evaluating)
    {
        // x = y + (1 − 1/β)(z − y), y = x + (1 − β)(z − x); before the first update x, y and z are the same.
        double share = IsEvaluating(state) == evaluating || state.Iteration == 0 ? 0
            : evaluating ? 1 - (1 / interpolation)
            : 1 - interpolation;
        SingleTensorPass.Move(new TowardsRule(share), state, parameters);
        state.SetScalar(EvaluatingName, evaluating ? 1 : 0);
    }
}

/// <summary>p ← p + share·(z − p)</summary>
internal readonly struct TowardsRule(double share) : IUpdateRule1<TowardsRule>
{
    private readonly float _share = (float)share;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<V>(V g, ref V p, ref V z)
        where V : struct, ILane<V> =>
        p = V.IfEqual(V.Splat(_share), V.Splat(0), p, p + _share * (z - p));
}

/// <summary>The move along the direction d, which the rules of ScheduleFreeSgd and ScheduleFreeAdamW share.</summary>
internal readonly struct ScheduleFreeMove
{
    private readonly bool _first;
    private readonly float _rate;
    private readonly float _share;
    private readonly float _ofDirection;

    public ScheduleFreeMove(StepScalars step, Span<double> scalars, IScheduleFreeOptions options)
    {
        if (scalars[ScheduleFreePoints.Evaluating] != 0)
        {
            throw new InvalidOperationException(
                "The parameters are at the evaluation point, where no step can be taken. Call Train first to move them back.");
        }

        double rate = step.LearningRate * WarmthAt(step.Iteration, options);
        double share = 0;

        // At rate 0 parameters do not move, so the average must not change either.
        if ((float)step.LearningRate != 0)
        {
            ref double largest = ref scalars[ScheduleFreePoints.LargestRate];
            ref double sum = ref scalars[ScheduleFreePoints.WeightSum];
            largest = Math.Max(largest, rate);
            double weight = Powers.Of((double)step.Iteration, options.R) * Powers.Of(largest, options.WeightLrPower);
            sum += weight;
            share = sum > 0 ? weight / sum : 0;
        }

        _first = step.Iteration == 1;
        _rate = (float)rate;
        _share = (float)share;
        _ofDirection = (float)(rate * ((options.Interpolation * (1 - share)) - 1));
    }

    /// <summary>The factor on the rate during warmup.</summary>
    public static double WarmthAt(long iteration, IScheduleFreeOptions options) =>
        iteration < options.WarmupSteps ? (double)iteration / options.WarmupSteps : 1;

    /// <summary>y ← y + c(z − y) + η(β(1 − c) − 1)d, z ← z − ηd</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Move<V>(V d, ref V p, ref V z)
        where V : struct, ILane<V>
    {
        z = _first ? p : z;
        p += _share * (z - p) + _ofDirection * d;
        z -= _rate * d;
    }
}
