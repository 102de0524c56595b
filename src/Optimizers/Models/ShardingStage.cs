namespace Optimizers;

/// <summary>
/// The buffers that ranks divide among themselves: the stages 1 and 2 of ZeRO (Rajbhandari et al. 2020, arXiv 1910.02054). The weights
/// are whole on each rank in all stages.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<ShardingStage>))]
public enum ShardingStage
{
    /// <summary>Nothing is divided: each rank has everything, as in plain data-parallel training.</summary>
    None = 0,

    /// <summary>
    /// Stage 1: each rank has its part of the optimizer state, of the master copies and of the compensation. Weights and gradients
    /// are whole on each rank.
    /// </summary>
    State = 1,

    /// <summary>Stage 2: the gradients are divided as well.</summary>
    StateAndGradients = 2,
}
