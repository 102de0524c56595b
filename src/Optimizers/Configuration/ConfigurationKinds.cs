namespace Optimizers.Configuration;

/// <summary>Which configuration a name belongs to, for the message to somebody who gave it to another one.</summary>
internal static class ConfigurationKinds
{
    /// <summary>A sentence that says where a name belongs; null if no configuration has it.</summary>
    public static string? WhoHas(string name, ConfigurationRegistry registry) =>
        Has([nameof(Lbfgs)], name)
            ? $"\"{nameof(Lbfgs)}\" evaluates the loss itself, and is made by {nameof(LbfgsConfiguration)}.{nameof(LbfgsConfiguration.Create)}"
        : Has(registry.OptimizerNames, name)
            ? $"\"{name}\" is an optimizer, and is made by {nameof(OptimizerConfiguration)}"
        : Has(registry.ScheduleNames, name)
            ? $"\"{name}\" is a schedule, and is made by {nameof(ScheduleConfiguration)}"
        : Has(registry.ClipNames, name)
            ? $"\"{name}\" is a clip, and belongs to the \"clip\" of a {nameof(ModelConfiguration)}"
        : Has([nameof(FunctionSchedule)], name)
            ? $"\"{nameof(FunctionSchedule)}\" is made of a function, and cannot be written as data"
        : null;

    private static bool Has(IEnumerable<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
