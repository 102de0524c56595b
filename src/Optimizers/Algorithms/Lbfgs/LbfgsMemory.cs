namespace Optimizers;

/// <summary>
/// The history of L-BFGS: pairs of a step s and the change y of the gradient in this step. The pairs define an estimate of
/// the inverse Hessian. The product of this estimate with a gradient takes two loops over the pairs.
/// </summary>
/// <typeparam name="T">The elements: float or double.</typeparam>
internal sealed class LbfgsMemory<T>(int length, int most)
    where T : unmanaged
{
    // A pair with less curvature is mostly rounding error, or would make the loss rise along the direction.
    private const double LeastCurvature = 1e-10;

    private readonly List<Pair> _pairs = [];
    private double[] _shares = [];

    /// <summary>The number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>The factor of the identity matrix that the pairs correct.</summary>
    public double Scale { get; private set; } = 1;

    /// <summary>The memory of the pairs so far, in bytes.</summary>
    public unsafe long Bytes => 2L * _pairs.Count * length * sizeof(T);

    public void Forget()
    {
        Count = 0;
        Scale = 1;
    }

    /// <summary>Adds a pair, unless its curvature is too small. If the history is full, the oldest pair is removed.</summary>
    /// <param name="distance">The step size along the direction.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="gradient">The gradient after the step.</param>
    /// <param name="previous">The gradient before the step.</param>
    public void Take(
        double distance, ReadOnlySpan<double> direction, ReadOnlySpan<T> gradient, ReadOnlySpan<T> previous)
    {
        // The pair is computed in spare memory, so a rejected pair overwrites no other pair.
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

    /// <summary>Lists the pairs for a checkpoint: the existing pairs for a save, the pairs of the file for a load.</summary>
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

        // A count that differs from the number of pairs occurs only in an invalid file.
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
