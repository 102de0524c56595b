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
    /// <summary>The names of all schedules, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => ConfigurationRegistry.Default.ScheduleNames;

    /// <summary>Reads a schedule.</summary>
    /// <param name="json">An object with the property <c>kind</c>, the name of the schedule, and its arguments.</param>
    /// <param name="registry">The names of schedules; null: those of the library.</param>
    /// <exception cref="ArgumentException">The text is no JSON, the name or a property is unknown, an argument is missing, or a value
    /// is of the wrong kind or out of its range.</exception>
    public static ILrSchedule Parse(string json, ConfigurationRegistry? registry = null) => Parse(ConfigurationText.Parse(json), registry);

    /// <summary>Makes a named schedule.</summary>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="json">An object with its arguments.</param>
    /// <param name="registry">The names of schedules; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static ILrSchedule Create(string name, string json, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(name, ConfigurationText.Parse(json), registry);
    }

    /// <summary>Reads a schedule out of a larger document.</summary>
    /// <param name="json">An object as <see cref="Parse(string, ConfigurationRegistry)"/> takes it.</param>
    /// <param name="registry">The names of schedules; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static ILrSchedule Parse(JsonElement json, ConfigurationRegistry? registry = null) => Read(null, json, registry);

    /// <summary>Writes a schedule, all of it, as <see cref="Parse(string, ConfigurationRegistry)"/> reads it; of a <see cref="ReduceOnPlateau"/> what it was
    /// made with, for its history belongs to a checkpoint.</summary>
    /// <param name="schedule">A schedule that the registry knows.</param>
    /// <param name="registry">The names of schedules; null: those of the library.</param>
    /// <exception cref="ArgumentException">It is, or is made of, a schedule that the registry does not know, or a function.</exception>
    public static string ToJson(ILrSchedule schedule, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return (registry ?? ConfigurationRegistry.Default).Write(schedule);
    }

    private static ILrSchedule Read(string? name, JsonElement json, ConfigurationRegistry? registry)
    {
        registry ??= ConfigurationRegistry.Default;
        return (ILrSchedule)registry.Reader.Read(registry.Schedules, name, json);
    }
}
