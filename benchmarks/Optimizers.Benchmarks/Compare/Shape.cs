namespace Optimizers.Benchmarks;

/// <summary>The shapes of the tensors of a model.</summary>
internal sealed class Shape
{
    // Numbers from -0.5 to 0.5, which are repeated in long tensors.
    private static readonly float[] _numbers = Numbers();

    private readonly int[][] _tensors;

    private Shape(IEnumerable<int[]> tensors)
    {
        _tensors = [.. tensors];
        Elements = _tensors.Sum(Length);
        Longest = _tensors.Max(Length);
    }

    public long Elements { get; }

    public int Longest { get; }

    public int Count => _tensors.Length;

    public IEnumerable<int> Lengths => _tensors.Select(Length);

    public static Shape Even(int tensors, int length) => new(Enumerable.Repeat((int[])[length], tensors));

    public static Shape Of(params int[] lengths) => new(lengths.Select(length => (int[])[length]));

    /// <summary>Many tensors of 16 to 4,096 elements, with as many short as long ones on a logarithmic scale. The same in every call.</summary>
    public static Shape Spread(int tensors)
    {
        var random = new Random(1);
        return new(Enumerable.Range(0, tensors).Select(_ => (int[])[(int)(16 * Math.Pow(256, random.NextDouble()))]));
    }

    /// <summary>The tensors of GPT-2 with tied embeddings: width 768, 50,257 tokens, context 1,024.</summary>
    public static Shape Gpt2(int layers)
    {
        int[][] layer =
        [
            [768], [768], [768, 2304], [2304], [768, 768], [768],
            [768], [768], [768, 3072], [3072], [3072, 768], [768],
        ];
        return new([[50_257, 768], [1024, 768], .. Enumerable.Repeat(layer, layers).SelectMany(l => l), [768], [768]]);
    }

    /// <summary>Creates a parameter set in which all values and gradients are 0.</summary>
    public ParameterSet Create()
    {
        var set = new ParameterSet();
        set.AddRange([.. _tensors.Select((tensor, i) => ($"p{i}", tensor))]);
        return set;
    }

    /// <summary>Creates a parameter set. Values and gradients are the same in every call.</summary>
    public ParameterSet Fill()
    {
        ParameterSet set = Create();
        foreach (Parameter parameter in set)
        {
            FillValues(parameter.Values);
            FillGradients(parameter.Gradients);
        }

        return set;
    }

    /// <summary>Writes the values of a tensor.</summary>
    public static void FillValues(Span<float> values) => Tile(_numbers, values);

    /// <summary>Writes the gradients of a tensor.</summary>
    public static void FillGradients(Span<float> gradients) => Tile(_numbers.AsSpan(1), gradients);

    private static float[] Numbers()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 65_537).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static int Length(int[] tensor) => tensor.Aggregate(1, (product, dimension) => product * dimension);

    private static void Tile(ReadOnlySpan<float> numbers, Span<float> target)
    {
        for (; target.Length > 0; target = target[Math.Min(numbers.Length, target.Length)..])
        {
            numbers[..Math.Min(numbers.Length, target.Length)].CopyTo(target);
        }
    }
}
