
namespace Optimizers.Configuration;

/// <summary>
/// The contracts of what is written as data and has no name, as the compiler makes them; no reflection is used. A type that has a
/// name has a context of its own: see <see cref="INamed"/>. <see cref="ConfigurationRegistry"/> decides how names and numbers are
/// written.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ModelConfiguration))]
[JsonSerializable(typeof(ParameterFilter.Data))]
[JsonSerializable(typeof(GroupSettings))]
[JsonSerializable(typeof(ExponentialMovingAverageOptions))]
[JsonSerializable(typeof(GradientAccumulatorOptions))]
[JsonSerializable(typeof(LookaheadOptions))]
[JsonSerializable(typeof(SamOptions))]
internal sealed partial class ConfigurationContext : JsonSerializerContext;
