using CharModel;
using Optimizers;

namespace FormatAccuracy;

/// <summary>All weights and gradients of a network in one array each, and the same memory as parameters.</summary>
internal sealed class FlatWeights : IDisposable
{
    /// <param name="places">The names, shapes and positions of the tensors.</param>
    /// <param name="seed">The seed of the initial weights.</param>
    public FlatWeights(IReadOnlyList<Place> places, int seed)
    {
        int length = places[^1].Offset + places[^1].Length;
        (Values, Gradients) = (new float[length], new float[length]);
        foreach (Place place in places)
        {
            Span<float> values = place.Of(Values.AsSpan());
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)place.Initial(seed, i);
            }

            Parameters.AddView(
                place.Name, place.Shape, Values.AsMemory(place.Offset, place.Length), Gradients.AsMemory(place.Offset, place.Length));
        }
    }

    public float[] Values { get; }

    public float[] Gradients { get; }

    public ParameterSet Parameters { get; } = new();

    public void Dispose() => Parameters.Dispose();
}
