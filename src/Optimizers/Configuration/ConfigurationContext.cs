using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Optimizers.Schedules;

namespace Optimizers;

/// <summary>How options and schedules are read and written, as the compiler has worked it out: nothing is left to reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(ScheduleConverter)])]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(AdEmaMixOptions))]
[JsonSerializable(typeof(AdaBeliefOptions))]
[JsonSerializable(typeof(AdaDeltaOptions))]
[JsonSerializable(typeof(AdaGradOptions))]
[JsonSerializable(typeof(AdamOptions))]
[JsonSerializable(typeof(AdamWOptions))]
[JsonSerializable(typeof(AdamaxOptions))]
[JsonSerializable(typeof(AdanOptions))]
[JsonSerializable(typeof(AdoptOptions))]
[JsonSerializable(typeof(AsgdOptions))]
[JsonSerializable(typeof(FtrlOptions))]
[JsonSerializable(typeof(LambOptions))]
[JsonSerializable(typeof(LionOptions))]
[JsonSerializable(typeof(MomentumOptions))]
[JsonSerializable(typeof(NAdamOptions))]
[JsonSerializable(typeof(NesterovOptions))]
[JsonSerializable(typeof(RAdamOptions))]
[JsonSerializable(typeof(RmsPropOptions))]
[JsonSerializable(typeof(RpropOptions))]
[JsonSerializable(typeof(ScheduleFreeAdamWOptions))]
[JsonSerializable(typeof(ScheduleFreeSgdOptions))]
[JsonSerializable(typeof(SgdOptions))]
[JsonSerializable(typeof(SignSgdOptions))]
[JsonSerializable(typeof(SignumOptions))]
[JsonSerializable(typeof(SophiaOptions))]
[JsonSerializable(typeof(YogiOptions))]
[JsonSerializable(typeof(Clamp))]
[JsonSerializable(typeof(Constant))]
[JsonSerializable(typeof(Cosine))]
[JsonSerializable(typeof(CosineRestarts))]
[JsonSerializable(typeof(Cyclic))]
[JsonSerializable(typeof(Exponential))]
[JsonSerializable(typeof(ExponentialDecay))]
[JsonSerializable(typeof(Epochs))]
[JsonSerializable(typeof(InverseSquareRoot))]
[JsonSerializable(typeof(InverseTime))]
[JsonSerializable(typeof(Linear))]
[JsonSerializable(typeof(MultiStep))]
[JsonSerializable(typeof(Noam))]
[JsonSerializable(typeof(OneCycle))]
[JsonSerializable(typeof(PiecewiseConstant))]
[JsonSerializable(typeof(Polynomial))]
[JsonSerializable(typeof(Product))]
[JsonSerializable(typeof(ReduceOnPlateau))]
[JsonSerializable(typeof(Sequence))]
[JsonSerializable(typeof(Shift))]
[JsonSerializable(typeof(StepDecay))]
[JsonSerializable(typeof(SwaAnneal))]
[JsonSerializable(typeof(Tanh))]
[JsonSerializable(typeof(Warmup))]
[JsonSerializable(typeof(WarmupConstant))]
[JsonSerializable(typeof(WarmupCosine))]
[JsonSerializable(typeof(WarmupLinear))]
[JsonSerializable(typeof(WarmupStableDecay))]
internal sealed partial class ConfigurationContext : JsonSerializerContext;
