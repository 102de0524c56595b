using System.Text.Json.Serialization;

namespace Optimizers.Tests;

/// <summary>User options for an optimizer of the library.</summary>
public sealed record MyOptions : IOptimizerOptions
{
    public double LearningRate { get; init; } = 0.25;

    public double Heat { get; init; } = 0.5;

    public MyMood Mood { get; init; } = MyMood.Calm;

    public ILrSchedule? Inner { get; init; }

    public long Wait { get; init; } = 3;

    double? IOptimizerOptions.SchedulableMomentum => Heat;

    void IOptimizerOptions.Validate()
    {
        if (!(Heat is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Heat), Heat, $"{nameof(Heat)} must be from 0 to 1.");
        }
    }

    OptimizerDefinition IOptimizerOptions.Define() => ((IOptimizerOptions)new MomentumOptions { Momentum = Heat }).Define();
}

/// <summary>A user's enumeration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MyMood>))]
public enum MyMood
{
    Calm,
    Wild,
}

/// <summary>A user's schedule.</summary>
public sealed record MySchedule(double Start, long Length = 7) : ILrSchedule
{
    public double At(long step) => Start / (1 + (step / Length));
}

/// <summary>A user's schedule with an init property. No JSON contract knows the default of this property.</summary>
public sealed record MyInitSchedule : ILrSchedule
{
    public double Rate { get; init; } = 0.125;

    public double At(long step) => Rate;
}

[JsonSerializable(typeof(MyOptions))]
[JsonSerializable(typeof(MySchedule))]
[JsonSerializable(typeof(MyInitSchedule))]
internal sealed partial class MyContext : JsonSerializerContext;
