namespace Optimizers.Engine;

/// <summary>
/// An element-wise pass over tensors that is no step of an optimizer: what it does with gradients and parameters is a type,
/// so that what it leaves alone is not streamed through memory.
/// </summary>
internal sealed class PassUpdate<TRule, TGradient, TWriting, TStorage>(Func<StepScalars, TRule> rule) : IUpdate
    where TRule : struct, IUpdateRule<TRule>
    where TGradient : struct, IGradientReading
    where TWriting : struct, IParameterWriting
    where TStorage : struct, IStorage
{
    private readonly RuleList<TRule> _rules = new((step, _) => rule(step), []);

    // Whoever runs the pass has the memory.
    public IReadOnlyList<StateSlot> Slots { get; } = [new StateSlot("companion")];

    public IReadOnlyList<StateScalar> Scalars => [];

    public int FlushInterval => 1;

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    public int Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group) =>
        _rules.LastIsFor(age, scalars) ? _rules.Count - 1 : _rules.Add(age, scalars, group);

    public ReadOnlySpan<double> ScalarsAfter(int rule) => [];

    public long IterationOf(int rule) => _rules.IterationOf(rule);

    public void Advance(GroupUpdate group) => _rules.Advance(group);

    public unsafe void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        TensorAddresses addresses = job.Addresses;
        if (typeof(TWriting) == typeof(Untouched<NoDecay>))
        {
            addresses.RoundedCopy = null;
        }

        TreatedKernel.RunRead<TRule, TGradient, TWriting, TStorage>(
            _rules[job.Rule], default, addresses, start, end, widestLane);
    }
}

/// <summary>The average that moves a share of the way from where it is to a value.</summary>
internal static class Approach
{
    /// <summary>
    /// from + share·(to − from), which stays where it is when it has arrived, at infinity too. Written so and not as a
    /// weighted sum, because two rounded weights need not add up to 1: 0.999f and 0.001f would leave a constant 1e-5 off.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V from, V to, V share)
        where V : struct, ILane<V> =>
        V.IfEqual(from, to, from, from + share * (to - from));
}
