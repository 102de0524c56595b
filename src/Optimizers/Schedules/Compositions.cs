namespace Optimizers.Schedules;

/// <summary>The schedule that <see cref="ScheduleExtensions.WithWarmup"/> returns.</summary>
internal sealed record Warmup : IComposedSchedule, INamed
{
    public Warmup(ILrSchedule inner, long steps, double start = 0)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Require.AtLeast(steps, 0);
        Require.NonNegative(start);
        Inner = inner;
        Steps = steps;
        Start = start;
    }

    public ILrSchedule Inner { get; }

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => [Inner];

    public long Steps { get; }

    public double Start { get; }

    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return step < Steps ? Curve.Line(Start, Inner.At(0), (double)step / Steps) : Inner.At(step - Steps);
    }

    internal static NamedType Named { get; } = new NamedType<Warmup>(new WarmupContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Warmup), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupContract : JsonSerializerContext;

/// <summary>The schedule that <see cref="ScheduleExtensions.Times"/> and <see cref="ScheduleExtensions.Scale"/>
/// return.</summary>
internal sealed record Product : IComposedSchedule, INamed
{
    public Product(ILrSchedule one, ILrSchedule other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        One = one;
        Other = other;
    }

    public ILrSchedule One { get; }

    public ILrSchedule Other { get; }

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => [One, Other];

    public double At(long step) => One.At(step) * Other.At(step);

    internal static NamedType Named { get; } = new NamedType<Product>(new ProductContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Product), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ProductContract : JsonSerializerContext;

/// <summary>The schedule that <see cref="ScheduleExtensions.Clamp"/> returns.</summary>
internal sealed record Clamp : IComposedSchedule, INamed
{
    public Clamp(ILrSchedule inner, double minimum, double maximum)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Require.NonNegative(minimum);
        Require.NonNegative(maximum);
        Require.AtLeastOther(maximum, minimum);
        Inner = inner;
        Minimum = minimum;
        Maximum = maximum;
    }

    public ILrSchedule Inner { get; }

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => [Inner];

    public double Minimum { get; }

    public double Maximum { get; }

    public double At(long step) => Math.Clamp(Inner.At(step), Minimum, Maximum);

    internal static NamedType Named { get; } = new NamedType<Clamp>(new ClampContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Clamp), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ClampContract : JsonSerializerContext;

/// <summary>The schedule that <see cref="ScheduleExtensions.Shift"/> returns.</summary>
internal sealed record Shift : IComposedSchedule, INamed
{
    public Shift(ILrSchedule inner, long steps)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
        Steps = steps;
    }

    public ILrSchedule Inner { get; }

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => [Inner];

    public long Steps { get; }

    public double At(long step)
    {
        Require.AtLeast(step, 0);
        Int128 shifted = (Int128)step - Steps;
        return Inner.At((long)Int128.Clamp(shifted, 0, long.MaxValue));
    }

    internal static NamedType Named { get; } = new NamedType<Shift>(new ShiftContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Shift), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ShiftContract : JsonSerializerContext;

/// <summary>The schedule that <see cref="ScheduleExtensions.InEpochs"/> and <see cref="ScheduleExtensions.PerEpoch"/>
/// return.</summary>
internal sealed record Epochs : IComposedSchedule, INamed
{
    public Epochs(ILrSchedule inner, long stepsPerEpoch, bool inEpochs = false)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Require.AtLeast(stepsPerEpoch, 1);
        Inner = inner;
        StepsPerEpoch = stepsPerEpoch;
        InEpochs = inEpochs;
    }

    public ILrSchedule Inner { get; }

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => [Inner];

    public long StepsPerEpoch { get; }

    // Whether the index of the inner schedule counts epochs; if false, it counts updates.
    public bool InEpochs { get; }

    public double At(long step)
    {
        Require.AtLeast(step, 0);
        long epoch = step / StepsPerEpoch;
        return Inner.At(InEpochs ? epoch : epoch * StepsPerEpoch);
    }

    internal static NamedType Named { get; } = new NamedType<Epochs>(new EpochsContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Epochs), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class EpochsContract : JsonSerializerContext;
