using System.Text.Json.Serialization;

namespace Optimizers.Configuration;

/// <summary>
/// The contracts of everything that is written as data, as the compiler makes them; no reflection is used. The tables lead to
/// the types of their rows. <see cref="ConfigurationRegistry"/> decides how names and numbers are written.
/// </summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(OptimizerTable))]
[JsonSerializable(typeof(ScheduleTable))]
[JsonSerializable(typeof(ClipTable))]
[JsonSerializable(typeof(LbfgsOptions))]
[JsonSerializable(typeof(ModelConfiguration))]
[JsonSerializable(typeof(ParameterFilter.Data))]
[JsonSerializable(typeof(GroupSettings))]
[JsonSerializable(typeof(ExponentialMovingAverageOptions))]
[JsonSerializable(typeof(GradientAccumulatorOptions))]
[JsonSerializable(typeof(LookaheadOptions))]
[JsonSerializable(typeof(SamOptions))]
internal sealed partial class ConfigurationContext : JsonSerializerContext;
