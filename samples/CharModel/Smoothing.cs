using System.Text.Json.Serialization;

namespace CharModel;

/// <summary>A weighted mean. The weight of each value is 0.98 times the weight of the next value.</summary>
internal readonly record struct Smoothing(double Sum, double Weight)
{
    private const double Kept = 0.98;

    // Before the first value the mean is NaN, which JSON cannot represent.
    [JsonIgnore]
    public double Mean => Sum / Weight;

    public Smoothing With(double value) => new((Kept * Sum) + value, (Kept * Weight) + 1);
}
