namespace Optimizers.Configuration;

/// <summary>Finds the configuration class that a name belongs to, for the message when the name was given to another
/// one.</summary>
internal static class ConfigurationKinds
{
    /// <summary>A clause that says where a name belongs; null if no configuration class has it.</summary>
    public static string? WhoHas(string name, ConfigurationRegistry registry) =>
        Has([nameof(Lbfgs)], name)
            ? $"\"{nameof(Lbfgs)}\" evaluates the loss itself; use {nameof(LbfgsConfiguration)}.{nameof(LbfgsConfiguration.Create)}"
        : Has(registry.OptimizerNames, name)
            ? $"\"{name}\" is an optimizer; use {nameof(OptimizerConfiguration)}"
        : Has(registry.ScheduleNames, name)
            ? $"\"{name}\" is a schedule; use {nameof(ScheduleConfiguration)}"
        : Has(registry.ClipNames, name)
            ? $"\"{name}\" is a clip; put it into the \"clip\" of a {nameof(ModelConfiguration)}"
        : Has([nameof(FunctionSchedule)], name)
            ? $"\"{nameof(FunctionSchedule)}\" contains a function, so it cannot be written as data"
        : null;

    private static bool Has(IEnumerable<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
