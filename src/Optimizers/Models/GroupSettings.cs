namespace Optimizers;

/// <summary>What of a group may be changed between steps.</summary>
internal readonly record struct GroupSettings(double RateFactor, double? WeightDecay, bool Frozen)
{
    public static GroupSettings Of(ParameterGroup group) => new(group.RateFactor, group.WeightDecay, group.Frozen);
}
