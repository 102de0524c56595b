namespace Optimizers.Tests;

/// <summary>An object with every kind of state.</summary>
internal sealed class Part : ICheckpointed
{
    public float[] Floats { get; init; } = [1, 2, 3, 4, 5, 6];

    public BFloat16[] Rounded { get; } = [BFloat16.Round(1.5f)];

    public byte[] Codes { get; } = [1, 2, 3];

    public Half[] Halves { get; } = [(Half)0.5f, Half.NegativeInfinity];

    public ushort[] Indices { get; } = [65_535];

    public double[] Sums { get; } = [Math.PI];

    public long Count { get; set; } = 7;

    public double Product { get; set; } = 0.1;

    public double Scale { get; set; } = 65_536;

    /// <summary>Called whenever the floats are read.</summary>
    public Action? Asked { get; set; }

    public void Describe(CheckpointManifest contents)
    {
        contents.Tensor("floats", [2, 3], () =>
        {
            Asked?.Invoke();
            return Floats.AsSpan();
        });
        contents.Tensor("rounded", [1], () => Rounded.AsSpan());
        contents.Tensor("codes", [3], () => Codes.AsSpan());
        CheckpointManifest inner = contents.Under("inner");
        inner.Tensor<Half>("halves", [2], () => Halves);
        inner.Tensor<ushort>("indices", [], () => Indices);
        inner.Tensor<double>("sums", [1, 1], () => Sums);
        inner.Counter("count", () => Count, count => Count = count);
        inner.Scalar("product", () => Product, product => Product = product);
        contents.Value("scale", () => Scale.ToString("R", System.Globalization.CultureInfo.InvariantCulture), Accept);
    }

    private Action Accept(string json)
    {
        double scale = System.Text.Json.JsonElement.Parse(json).GetDouble();
        return scale > 0 ? () => Scale = scale : throw new FormatException("A scale must be above 0.");
    }
}
