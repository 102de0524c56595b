namespace Optimizers.Engine;

/// <summary>
/// Two sums for each block of a step's tensors. The sum over a tensor adds its blocks in order, wherever they were computed. So
/// ranks that each have some of the blocks can exchange them and get the same bits.
/// </summary>
internal sealed class BlockSums
{
    private double[] _first = [];
    private double[] _second = [];

    /// <summary>The first sums of all blocks, for an exchange between ranks.</summary>
    public Span<double> First => _first;

    /// <summary>The second sums of all blocks.</summary>
    public Span<double> Second => _second;

    /// <summary>Makes room for a number of blocks.</summary>
    public void Reserve(int blocks)
    {
        if (_first.Length < blocks)
        {
            _first = new double[blocks];
            _second = new double[blocks];
        }
    }

    public void Set(int block, double first, double second)
    {
        _first[block] = first;
        _second[block] = second;
    }

    /// <summary>The first sum over the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public double SumOfFirst(int start, int end) => Sum(_first, start, end);

    /// <summary>The second sum over the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public double SumOfSecond(int start, int end) => Sum(_second, start, end);

    /// <summary>The part of a norm over the blocks, whose sums must be those of the norm.</summary>
    public NormPart PartOf(Norm norm, int start, int end)
    {
        NormPart part = default;
        for (int block = start; block < end; block++)
        {
            part = norm.Combine(part, new NormPart(_first[block], _second[block]));
        }

        return part;
    }

    private static double Sum(double[] blocks, int start, int end)
    {
        double sum = 0;
        for (int block = start; block < end; block++)
        {
            sum += blocks[block];
        }

        return sum;
    }
}
