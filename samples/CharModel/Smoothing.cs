using System.Text.Json.Serialization;

namespace CharModel;

/// <summary>A mean in which each value counts 0.98 times what the next one does.</summary>
internal readonly record struct Smoothing(double Sum, double Weight)
{
    private const double Kept = 0.98;

    // NaN before the first value, which JSON cannot write.
    [JsonIgnore]
    public double Mean => Sum / Weight;

    public Smoothing With(double value) => new((Kept * Sum) + value, (Kept * Weight) + 1);
}
