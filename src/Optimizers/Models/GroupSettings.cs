namespace Optimizers;

/// <summary>The settings of a group that may be changed between steps.</summary>
internal readonly record struct GroupSettings(double RateFactor, double? WeightDecay, bool Frozen, double? Momentum = null)
{
    public static GroupSettings Of(ParameterGroup group) => new(group.RateFactor, group.WeightDecay, group.Frozen, group.Momentum);
}
