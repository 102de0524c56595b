namespace Optimizers;

/// <summary>
/// What L-BFGS knows of the curvature: the last steps s, and how the gradient changed with each, y. The product of the
/// inverse Hessian that they stand for with a gradient takes two loops over them.
/// </summary>
/// <typeparam name="T">The elements: float or double.</typeparam>
internal sealed class LbfgsMemory<T>(int length, int most)
    where T : unmanaged
{
    // A pair that curves less says nothing, or would have the step climb.
    private const double LeastCurvature = 1e-10;

    private readonly List<Pair> _pairs = [];
    private double[] _shares = [];

    /// <summary>How many pairs there are.</summary>
    public int Count { get; private set; }

    /// <summary>What the inverse Hessian is taken to be a multiple of, before the pairs.</summary>
    public double Scale { get; private set; } = 1;

    /// <summary>The memory of the pairs so far, in bytes.</summary>
    public unsafe long Bytes => 2L * _pairs.Count * length * sizeof(T);

    public void Forget()
    {
        Count = 0;
        Scale = 1;
    }

    /// <summary>Takes a pair in, in the place of the oldest if there is no room; unless it says nothing.</summary>
    /// <param name="distance">How far the step went along the direction.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="gradient">The gradient after the step.</param>
    /// <param name="previous">The gradient before it.</param>
    public void Take(
        double distance, ReadOnlySpan<double> direction, ReadOnlySpan<T> gradient, ReadOnlySpan<T> previous)
    {
        // In a place of its own: a pair that is not taken has pushed none out.
        Pair pair = At(Count);
        Vectors.Scale(distance, direction, pair.Step.AsSpan());
        Vectors.Combine(1, gradient, -1, previous, pair.Change.AsSpan());
        double curvature = Vectors.Dot<T, T>(pair.Change, pair.Step);
        if (!(curvature > LeastCurvature) || !double.IsFinite(curvature))
        {
            return;
        }

        pair.Curvature = curvature;
        Scale = curvature / Vectors.Dot<T, T>(pair.Change, pair.Change);
        Count++;
        if (Count > most)
        {
            Pair oldest = _pairs[0];
            _pairs.RemoveAt(0);
            _pairs.Add(oldest);
            Count = most;
        }
    }

    /// <summary>direction ← −H·gradient</summary>
    public void Direction(ReadOnlySpan<T> gradient, Span<double> direction)
    {
        if (_shares.Length < Count)
        {
            _shares = new double[_pairs.Count];
        }

        Vectors.Scale(-1, gradient, direction);
        for (int i = Count - 1; i >= 0; i--)
        {
            Pair pair = _pairs[i];
            _shares[i] = Vectors.Dot<T, double>(pair.Step, direction) / pair.Curvature;
            Vectors.Combine<double, T, double>(1, direction, -_shares[i], pair.Change, direction);
        }

        Vectors.Scale<double, double>(Scale, direction, direction);
        for (int i = 0; i < Count; i++)
        {
            Pair pair = _pairs[i];
            double share = Vectors.Dot<T, double>(pair.Change, direction) / pair.Curvature;
            Vectors.Combine<double, T, double>(1, direction, _shares[i] - share, pair.Step, direction);
        }
    }

    /// <summary>Lists what there is, or as much as a file has.</summary>
    public void Describe(CheckpointManifest contents)
    {
        int listed = 0;
        for (; listed < most && contents.Wants($"old_stps.{listed}", here: listed < Count); listed++)
        {
            int index = listed;
            contents.Tensor<T>($"old_stps.{index}", [length], () => At(index).Step);
            contents.Tensor<T>($"old_dirs.{index}", [length], () => At(index).Change);
            contents.Scalar($"ys.{index}", () => At(index).Curvature, curvature => At(index).Curvature = curvature);
        }

        // A count of other pairs than the file has can only come from one that nobody wrote in earnest.
        contents.Counter("history", () => Count, count => Count = (int)Math.Clamp(count, 0, listed));
        contents.Scalar("H_diag", () => Scale, scale => Scale = scale);
    }

    private Pair At(int index)
    {
        while (_pairs.Count <= index)
        {
            _pairs.Add(new Pair(length));
        }

        return _pairs[index];
    }

    private sealed class Pair(int length)
    {
        public T[] Step { get; } = new T[length];

        public T[] Change { get; } = new T[length];

        // y·s
        public double Curvature { get; set; } = 1;
    }
}
