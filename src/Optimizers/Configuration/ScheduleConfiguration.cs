using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Creates schedules from names and JSON: <c>{"kind": "Cosine", "peak": 3e-4, "steps": 1000}</c>. An argument that is not
/// given has its default, if it has one.
/// </summary>
/// <remarks>
/// The properties are the parameters of the constructors; case does not matter. If a schedule has inner schedules, they are
/// objects in the same form. The combinations of <see cref="ScheduleExtensions"/> have names too: <c>Warmup</c>,
/// <c>Product</c> (for <see cref="ScheduleExtensions.Scale"/> and <see cref="ScheduleExtensions.Times"/>), <c>Clamp</c>,
/// <c>Shift</c> and <c>Epochs</c>. A <see cref="FunctionSchedule"/> cannot be written as JSON.
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
    /// <param name="json">An object. Its property <c>kind</c> is the name of the schedule. The other properties are the arguments of this
    /// schedule.</param>
    /// <param name="registry">The names of schedules; null for those of the library.</param>
    /// <exception cref="ArgumentException">The text is not valid JSON, the name or a property is unknown, an argument is
    /// missing, or a value has the wrong type or is out of its range.</exception>
    public static ILrSchedule Parse(string json, ConfigurationRegistry? registry = null) => Parse(ConfigurationText.Parse(json), registry);

    /// <summary>Creates a named schedule.</summary>
    /// <param name="name">A name from <see cref="Names"/>; case does not matter.</param>
    /// <param name="json">An object with its arguments.</param>
    /// <param name="registry">The names of schedules; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static ILrSchedule Create(string name, string json, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(name, ConfigurationText.Parse(json), registry);
    }

    /// <summary>Reads a schedule from a part of a larger document.</summary>
    /// <param name="json">An object in the form that <see cref="Parse(string, ConfigurationRegistry)"/> reads.</param>
    /// <param name="registry">The names of schedules; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static ILrSchedule Parse(JsonElement json, ConfigurationRegistry? registry = null) => Read(null, json, registry);

    /// <summary>
    /// Writes all arguments of a schedule, in the form that <see cref="Parse(string, ConfigurationRegistry)"/> reads. For a
    /// <see cref="ReduceOnPlateau"/> it writes the constructor arguments only; its history belongs to a checkpoint.
    /// </summary>
    /// <param name="schedule">A schedule that the registry knows.</param>
    /// <param name="registry">The names of schedules; null for those of the library.</param>
    /// <exception cref="ArgumentException">The schedule, or a part of it, is not known to the registry or is a
    /// function.</exception>
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
