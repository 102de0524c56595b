namespace Optimizers;

/// <summary>Runs a rule that measures the tensor before it applies.</summary>
internal sealed class MeasuringUpdate<TRule> : IUpdate
    where TRule : struct, IMeasuringRule2<TRule>
{
    // Measured values go through the first-level cache on their way to the sums.
    private const int Piece = 512;

    private readonly RuleList<TRule> _rules;

    public MeasuringUpdate(RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, StateSlot[] slots)
    {
        RuleList<TRule>.CheckSlots(slots);
        _rules = new RuleList<TRule>(rule, scalars);
        Slots = slots;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public IReadOnlyList<StateScalar> Scalars => _rules.Scalars;

    public bool Measures => true;

    public int FlushInterval => 1;

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    // Every tensor has its own sums, hence its own rule.
    public int Prepare(TensorAge age, ReadOnlySpan<double> scalars, GroupUpdate group) =>
        _rules.Add(age, scalars, group);

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _rules.ScalarsAfter(rule);

    public void Advance(GroupUpdate group) => _rules.Advance(group);

    public unsafe void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
        float* firstValues = stackalloc float[Piece];
        float* secondValues = stackalloc float[Piece];
        var pass = new MeasuringPass<TRule>(_rules[job.Rule]);
        TensorAddresses addresses = job.Addresses;
        addresses.RoundedCopy = null;
        int block = 0;
        for (nuint blockStart = start; blockStart < end; blockStart += Reductions.Block, block++)
        {
            var firstSquares = default(SquareLanes);
            var secondSquares = default(SquareLanes);
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            for (nuint piece = blockStart; piece < blockEnd; piece += Piece)
            {
                nuint pieceEnd = nuint.Min(blockEnd, piece + Piece);
                addresses.Slots.Slot2 = firstValues - piece;
                addresses.Slots.Slot3 = secondValues - piece;
                TreatedKernel.Run<MeasuringPass<TRule>, Untouched, Flushed<Float32, EveryUpdate>>(
                    pass, job.Treatment, addresses, piece, pieceEnd, widestLane);
                firstSquares.Add(firstValues, pieceEnd - piece);
                secondSquares.Add(secondValues, pieceEnd - piece);
            }

            first[block] = firstSquares.Sum();
            second[block] = secondSquares.Sum();
        }
    }

    public void Conclude(int rule, double first, double second) => _rules[rule] = _rules[rule].Conclude(first, second);

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane) =>
        TreatedKernel.RunRead<TRule, NoGradient, NoDecay, ReadOnlyStorage<Float32>>(
            _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
}
