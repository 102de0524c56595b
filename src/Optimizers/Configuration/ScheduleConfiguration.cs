using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Schedules from their names and JSON: <c>{"kind": "Cosine", "peak": 3e-4, "steps": 1000}</c>. What is not given has its default,
/// if it has one.
/// </summary>
/// <remarks>
/// The properties are the parameters of the constructors; their case does not matter. Where a schedule is made of others, those are objects
/// of the same form. The compositions of <see cref="ScheduleExtensions"/> have names too: <c>Warmup</c>, <c>Product</c> (of
/// <see cref="ScheduleExtensions.Scale"/> and <see cref="ScheduleExtensions.Times"/>), <c>Clamp</c>, <c>Shift</c> and <c>Epochs</c>. A
/// <see cref="FunctionSchedule"/> has no text.
/// </remarks>
/// <example>
/// <code>
/// ILrSchedule schedule = ScheduleConfiguration.Parse(
///     """{"kind": "Warmup", "steps": 100, "inner": {"kind": "Cosine", "peak": 3e-4, "steps": 1000}}""");
/// </code>
/// </example>
public static class ScheduleConfiguration
{
    private static readonly ConfigurationTable<ILrSchedule> _table = new(
        "schedule",
        type => type.Name,
        Rows(
            typeof(Clamp),
            typeof(Constant),
            typeof(Cosine),
            typeof(CosineRestarts),
            typeof(Cyclic),
            typeof(Epochs),
            typeof(Exponential),
            typeof(ExponentialDecay),
            typeof(InverseSquareRoot),
            typeof(InverseTime),
            typeof(Linear),
            typeof(MultiStep),
            typeof(Noam),
            typeof(OneCycle),
            typeof(PiecewiseConstant),
            typeof(Polynomial),
            typeof(Product),
            typeof(ReduceOnPlateau),
            typeof(Sequence),
            typeof(Shift),
            typeof(StepDecay),
            typeof(SwaAnneal),
            typeof(Tanh),
            typeof(Warmup),
            typeof(WarmupConstant),
            typeof(WarmupCosine),
            typeof(WarmupLinear),
            typeof(WarmupStableDecay)));

    /// <summary>The names of all schedules, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => _table.Names;

    /// <summary>Reads a schedule.</summary>
    /// <param name="json">An object with the property <c>kind</c>, the name of the schedule, and its arguments.</param>
    /// <exception cref="ArgumentException">The text is no JSON, the name or a property is unknown, an argument is missing, or a value
    /// is of the wrong kind or out of its range.</exception>
    public static ILrSchedule Parse(string json) => _table.Read(null, ConfigurationText.Parse(json));

    /// <summary>Makes a named schedule.</summary>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="json">An object with its arguments.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static ILrSchedule Create(string name, string json)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _table.Read(name, ConfigurationText.Parse(json));
    }

    /// <summary>Reads a schedule out of a larger document.</summary>
    /// <param name="json">An object as <see cref="Parse(string)"/> takes it.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static ILrSchedule Parse(JsonElement json) => _table.Read(null, json);

    /// <summary>Writes a schedule, all of it, as <see cref="Parse(string)"/> reads it; of a <see cref="ReduceOnPlateau"/> what it was
    /// made with, for its history belongs to a checkpoint.</summary>
    /// <param name="schedule">One of the library's schedules.</param>
    /// <exception cref="ArgumentException">It is, or is made of, a schedule of somebody else's or a function.</exception>
    public static string ToJson(ILrSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return ConfigurationText.Write(writer => Write(writer, schedule));
    }

    // Of the schedules this one alone has an init property, its name.
    private static (Type Type, ILrSchedule? Defaults)[] Rows(params Type[] types) =>
        Array.ConvertAll(types, type => (type, type == typeof(ReduceOnPlateau) ? new ReduceOnPlateau(0) : (ILrSchedule?)null));

    internal static void Write(Utf8JsonWriter writer, ILrSchedule schedule) => _table.Write(writer, schedule);
}
