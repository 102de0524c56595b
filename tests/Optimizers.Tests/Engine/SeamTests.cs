using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>
/// The parts of the engine that code for devices and ranks can use: the body of the loop, the type of a rule, the memory of a
/// slot, and the sums per block.
/// </summary>
public sealed unsafe class SeamTests
{
    private const int Steps = 3;
    private const double Rate = 0.01;

    public static TheoryData<string> Elementwise() => Catalogue.VariantsWhere(
        variant => GroupStep.Of(variant.Options) is { Measures: false, Counts: false, Matrices: null });

    public static TheoryData<string> Measuring() => Catalogue.VariantsWhere(
        variant => GroupStep.Of(variant.Options) is { Measures: true, Counts: false, Matrices: null });

    [Theory]
    [MemberData(nameof(Elementwise))]
    public void LoopBodyInAnotherLoopGivesTheBitsOfAStep(string name)
    {
        const int Length = 37;
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        var optimizer = new Optimizer(variant.Shape(Length), variant.Options, threads: 1);
        float[] expected = [.. start];
        Array.ForEach(gradients, gradient => optimizer.Step(expected, gradient, Rate));
        OptimizerDefinition definition = variant.Options.Define();
        OptimizerSnapshot state = definition.Accept(new ElementByElement(variant.Options, start, gradients));
        start.ShouldHaveTheBitsOf(expected, "parameters");
        foreach (StateSlot slot in definition.Slots)
        {
            state.Slots[slot.Name].ToArray().ShouldHaveTheBitsOf(optimizer.State[slot.Name].ToArray(), slot.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void VisitorGetsTheRuleTypeAndMakesARule(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        OptimizerDefinition definition = options.Define();
        if (options.Cautious)
        {
            definition = definition.Cautious()!;
        }

        RuleBox rule = definition.Accept(new RuleMaker());
        GroupStep step = definition.NewStep(options);
        step.GetType().GetGenericArguments().Should().Equal(rule.Type);
        rule.SlotCount.Should().Be(definition.Slots.Count);
        rule.Measures.Should().Be(step.Measures);
        rule.IsSet.Should().BeTrue("the rule contains the numbers of its step");
    }

    [Fact]
    public void StateWorksWithSlotsInOtherMemory()
    {
        const int Length = 5_000;
        var mean = new DeviceSlot(new StateSlot("exp_avg"), 0, Length);
        var largest = new DeviceSlot(new StateSlot("largest", 0.25f), 1, Length);
        var state = new OptimizerState(
            TensorShape.OfVector(Length), [new StateScalar("scale", 2)], new SlotSet([mean, largest], StateFormat.Float32));
        mean.Memory.Should().OnlyContain(value => value == 0);
        largest.Memory.Should().OnlyContain(value => value == 0.25f, "a slot starts with its initial value in any memory");
        state.Bytes.Should().Be(2 * Length * sizeof(float));
        state.SlotNames.Should().Equal("exp_avg", "largest");

        Draw.Floats(3, Length).CopyTo(mean.Memory.AsSpan());
        state.Advance(new UpdateHistory(7, double.NaN));
        var read = new float[Length];
        state.Read("exp_avg", read);
        read.ShouldHaveTheBitsOf(mean.Memory, "the values that are read");
        state.LargestMagnitude().Should().Be((double)mean.Memory.Max(value => Math.Abs(value)));
        state.Overlaps(mean.Memory).Should().BeFalse("device memory has no address in this process");

        OptimizerSnapshot snapshot = state.Save();
        state.Reset();
        state.Iteration.Should().Be(0);
        mean.Memory.Should().OnlyContain(value => value == 0);
        largest.Memory.Should().OnlyContain(value => value == 0.25f);

        state.Load(snapshot);
        state.Iteration.Should().Be(7);
        state.Scalar("scale").Should().Be(2);
        mean.Memory.ShouldHaveTheBitsOf(read, "the saved values");

        // The memory of the slots makes no difference to a snapshot.
        var here = new OptimizerState(
            state.Shape, OptimizerDefinition.Elementwise<SlotRule>((_, _) => default, [new StateScalar("scale", 2)], mean.Declared, largest.Declared));
        here.Load(snapshot);
        here.Save().ShouldHaveTheBitsOf(snapshot, "in memory of the engine");
    }

    [Fact]
    public void NormOfExchangedBlockSumsHasTheBitsOfOneRank()
    {
        float[][] gradients = [Draw.Floats(1, 10_000), Draw.Floats(2, 5), Draw.Floats(3, 20_001), []];
        foreach (Norm norm in new[] { Norm.Euclidean, new Norm(NormKind.P, 3), new Norm(NormKind.Infinity) })
        {
            using var one = new Rank(new LambOptions(), [.. gradients.Select(g => new float[g.Length])], gradients);
            double expected = new PassRunner(one.Batch, threads: 1).GradientNorm(norm);
            using var first = new Rank(new LambOptions(), one.Parameters, gradients);
            using var second = new Rank(new LambOptions(), one.Parameters, gradients);
            first.MeasureNorm(norm, rank: 0);
            second.MeasureNorm(norm, rank: 1);
            Exchange(first, second);
            foreach (Rank rank in new[] { first, second })
            {
                NormPart whole = default;
                for (int job = 0; job < gradients.Length; job++)
                {
                    (int start, int end) = rank.Batch.BlocksOf(job);
                    whole = norm.Combine(whole, rank.Sums.PartOf(norm, start, end));
                }

                BitConverter.DoubleToInt64Bits(norm.Finish(whole)).Should().Be(BitConverter.DoubleToInt64Bits(expected));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Measuring))]
    public void StepOfTwoRanksHasTheBitsOfOneRank(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        int[] lengths = [10_000, 5, 20_001];
        float[][] start = [.. lengths.Select((length, i) => Draw.Floats(10 + i, length))];
        float[][] gradients = [.. lengths.Select((length, i) => Draw.Floats(20 + i, length))];
        using var one = new Rank(options, start, gradients);
        new PassRunner(one.Batch, threads: 1).Apply();
        using var first = new Rank(options, start, gradients);
        using var second = new Rank(options, start, gradients);
        first.Measure(rank: 0);
        second.Measure(rank: 1);
        Exchange(first, second);
        first.Apply(rank: 0);
        second.Apply(rank: 1);
        for (int tensor = 0; tensor < lengths.Length; tensor++)
        {
            first.Gathered(second, tensor).ShouldHaveTheBitsOf(one.Parameters[tensor], $"tensor {tensor}");
        }

        first.Parameters[^1][4_096..].ShouldHaveTheBitsOf(start[^1][4_096..], "the other rank has all of the last tensor except its first block");
        second.Parameters[0].Should().Equal(start[0], "the other rank has the first tensor");
    }

    // The same as an all-gather over the ranks.
    private static void Exchange(Rank first, Rank second)
    {
        int cut = first.FirstBlockOf(rank: 1);
        int end = first.Batch.BlockCount;
        first.Sums.First[..cut].CopyTo(second.Sums.First);
        first.Sums.Second[..cut].CopyTo(second.Sums.Second);
        second.Sums.First[cut..end].CopyTo(first.Sums.First[cut..]);
        second.Sums.Second[cut..end].CopyTo(first.Sums.Second[cut..]);
    }

    /// <summary>One of two ranks: it has all tensors and works on half of their blocks.</summary>
    private sealed class Rank : IDisposable
    {
        private readonly GroupStep _step;
        private readonly OptimizerState[] _states;
        private readonly List<GCHandle> _pins = [];

        public Rank(IOptimizerOptions options, float[][] parameters, float[][] gradients)
        {
            Parameters = [.. parameters.Select(values => values.ToArray())];
            _step = GroupStep.Of(options);
            _step.Begin(Rate, options.WeightDecay, zeroGradients: false);
            _step.Clear();
            _states = [.. parameters.Select(values => new OptimizerState(TensorShape.OfVector(values.Length), _step.Definition))];
            Batch.Clear();
            for (int i = 0; i < parameters.Length; i++)
            {
                Batch.Add(_step, _states[i], Pin(Parameters[i]), Pin(gradients[i]));
                Batch[i].Rule = _step.AddRule(_states[i], _states[i].Scalars);
            }

            Sums.Reserve(Batch.BlockCount);
        }

        public TensorBatch Batch { get; } = new();

        public BlockSums Sums { get; } = new();

        public float[][] Parameters { get; }

        public int FirstBlockOf(int rank)
        {
            (int job, nuint start) = Batch.Cut(rank, 2);
            return Batch[job].FirstBlock + (int)(start / Reductions.Block);
        }

        public void MeasureNorm(Norm norm, int rank) => ForEachPart(rank, (job, start, end) =>
        {
            for (nuint block = start; block < end; block += Reductions.Block)
            {
                NormPart part = norm.OfBlock(Batch[job].Addresses.Gradients + block, nuint.Min(Reductions.Block, end - block));
                Sums.Set(Batch[job].FirstBlock + (int)(block / Reductions.Block), part.Largest, part.Sum);
            }
        });

        public void Measure(int rank) =>
            ForEachPart(rank, (job, start, end) => _step.Measure(Batch[job], start, end, Sums, Kernel.WidestLane));

        public void Apply(int rank)
        {
            for (int job = 0; job < Batch.Count; job++)
            {
                (int start, int end) = Batch.BlocksOf(job);
                _step.StoreSums(
                    Batch[job].Rule, new(Sums.SumOfFirst(start, end), Sums.SumOfSecond(start, end), (long)Batch.LengthOf(job)));
            }

            for (int job = 0; job < Batch.Count; job++)
            {
                _step.ApplySums(Batch[job].Rule);
            }

            ForEachPart(rank, (job, start, end) => _step.Apply(Batch[job], _step.Transforms, start, end, Kernel.WidestLane));
        }

        /// <summary>A tensor with the elements of the first rank (this one) and of the second.</summary>
        public float[] Gathered(Rank second, int tensor)
        {
            (int job, nuint start) = Batch.Cut(1, 2);
            int mine = tensor < job ? Parameters[tensor].Length : tensor == job ? (int)start : 0;
            return [.. Parameters[tensor][..mine], .. second.Parameters[tensor][mine..]];
        }

        public void Dispose() => _pins.ForEach(pin => pin.Free());

        private float* Pin(float[] values)
        {
            _pins.Add(GCHandle.Alloc(values, GCHandleType.Pinned));
            return (float*)_pins[^1].AddrOfPinnedObject();
        }

        private void ForEachPart(int rank, Action<int, nuint, nuint> action)
        {
            (int job, nuint start) = Batch.Cut(rank, 2);
            (int lastJob, nuint lastEnd) = Batch.Cut(rank + 1, 2);
            for (; job < lastJob || (job == lastJob && start < lastEnd); job++, start = 0)
            {
                nuint end = job < lastJob ? Batch.LengthOf(job) : lastEnd;
                if (start < end)
                {
                    action(job, start, end);
                }
            }
        }
    }

    /// <summary>Memory without an address in the engine.</summary>
    private sealed class DeviceSlot(StateSlot declared, int number, int length) : Slot(declared, number, length, default)
    {
        public float[] Memory { get; } = new float[length];

        public override long Bytes => (long)Length * sizeof(float);

        public override void Read(nuint start, nuint end, float* values, int widestLane) =>
            Memory.AsSpan((int)start..(int)end).CopyTo(new Span<float>(values, (int)(end - start)));

        public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane) =>
            new Span<float>(values, (int)(end - start)).CopyTo(Memory.AsSpan((int)start));

        public override void Save(Span<byte> destination) => MemoryMarshal.AsBytes(Memory.AsSpan()).CopyTo(destination);

        public override void Load(ReadOnlySpan<byte> source) => source.CopyTo(MemoryMarshal.AsBytes(Memory.AsSpan()));

        protected override void Clear() => Array.Clear(Memory);
    }

    private readonly struct SlotRule : IUpdateRule2<SlotRule>
    {
        public void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1)
            where V : struct, ILane<V>
        {
        }
    }

    /// <summary>Takes the steps with a loop of its own over single elements, as a thread of a device would.</summary>
    private sealed class ElementByElement(IOptimizerOptions options, float[] parameters, float[][] gradients)
        : IDefinitionVisitor<OptimizerSnapshot>
    {
        public OptimizerSnapshot Elementwise<TRule>(ElementwiseDefinition<TRule> definition)
            where TRule : struct, IUpdateRule<TRule>
        {
            var state = new OptimizerState(TensorShape.OfVector(parameters.Length), definition);
            double[] scalars = [.. state.Scalars];
            GroupStep step = GroupStep.Of(options);
            step.Begin(Rate, options.WeightDecay, zeroGradients: false);
            for (int t = 0; t < gradients.Length; t++)
            {
                TRule rule = definition.CreateRule(new StepScalars(t + 1, Rate, options.WeightDecay), scalars);
                fixed (float* parameterAddress = parameters)
                fixed (float* gradientAddress = gradients[t])
                {
                    var tensor = new TensorAddresses { Parameters = parameterAddress, Gradients = gradientAddress, Slots = state.Addresses };
                    for (long index = 0; index < parameters.Length; index++)
                    {
                        if (step.Transforms.Decay.Coupled != 0)
                        {
                            Kernel.Update<Lane1, TRule, ScaledGradient, CoupledDecay, Flushed<Float32, EveryUpdate>>(
                                ref rule, step.Transforms, tensor, index);
                        }
                        else
                        {
                            Kernel.Update<Lane1, TRule, ScaledGradient, DecoupledDecay, Flushed<Float32, EveryUpdate>>(
                                ref rule, step.Transforms, tensor, index);
                        }
                    }
                }
            }

            return state.Save();
        }

        public OptimizerSnapshot Measuring<TRule>(MeasuringDefinition<TRule> definition)
            where TRule : struct, IMeasuringRule<TRule> =>
            throw new NotSupportedException("The rule measures.");
    }

    private sealed record RuleBox(Type Type, int SlotCount, bool Measures, bool IsSet);

    private sealed class RuleMaker : IDefinitionVisitor<RuleBox>
    {
        public RuleBox Elementwise<TRule>(ElementwiseDefinition<TRule> definition)
            where TRule : struct, IUpdateRule<TRule> =>
            Make(definition, measures: false);

        public RuleBox Measuring<TRule>(MeasuringDefinition<TRule> definition)
            where TRule : struct, IMeasuringRule<TRule> =>
            Make(definition, measures: true);

        private static RuleBox Make<TRule>(RuleDefinition<TRule> definition, bool measures)
            where TRule : struct, IUpdateRule<TRule>
        {
            double[] scalars = [.. definition.Scalars.Select(scalar => scalar.Initial)];
            TRule rule = definition.CreateRule(new StepScalars(1, Rate, 0), scalars);
            return new RuleBox(typeof(TRule), TRule.SlotCount, measures, !rule.Equals(default(TRule)));
        }
    }
}
