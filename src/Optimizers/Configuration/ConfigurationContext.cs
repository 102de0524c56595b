
namespace Optimizers.Configuration;

/// <summary>
/// The source-generated JSON contracts of types that are written as data and have no name; they use no reflection. A type with
/// a name has its own context: see <see cref="INamed"/>. <see cref="ConfigurationRegistry"/> decides how names and numbers are
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
