namespace Optimizers.Engine;

/// <summary>The slots of a rule that have one number for each row or column, and the sums that update them before the step.</summary>
internal sealed unsafe class LineMoments<TRule> : IMatrixDefinition
    where TRule : struct, IUpdateRule<TRule>, ILineRule<TRule>
{
    private LineMoments()
    {
    }

    /// <exception cref="ArgumentException">No slot has one number for each row or column.</exception>
    public static LineMoments<TRule> For(StateSlot[] slots)
    {
        ArgumentNullException.ThrowIfNull(slots);
        return Array.Exists(slots, slot => slot is not null && slot.Extent != SlotExtent.Elements)
            ? new LineMoments<TRule>()
            : throw new ArgumentException(
                $"No slot has one number for each row or column. Set {nameof(StateSlot.Extent)} on a slot, or call {nameof(OptimizerDefinition)}.{(TRule.Measures ? nameof(OptimizerDefinition.Measuring) : nameof(OptimizerDefinition.Elementwise))}.",
                nameof(slots));
    }

    public nuint WorkspaceFor(in TensorShape shape) => new LineWorkspace(shape, null).Bytes;

    public Slot[] View(in TensorShape shape, IReadOnlyList<Slot> slots, in SlotAddresses addresses)
    {
        var view = new Slot[slots.Count];
        SlotAddresses lines = addresses;
        for (int i = 0; i < view.Length; i++)
        {
            StateSlot declared = slots[i].Declared;
            view[i] = declared.Extent == SlotExtent.Elements ? slots[i] : new LineSlot(declared, shape, (float*)lines[i].Elements);
        }

        return view;
    }

    public MatrixWork NewWork() => new Work();

    private sealed class Work : LineSums
    {
        private int _slot;

        protected override bool Squares => TRule.LineSumsSquares;

        public override void Before(in TensorJob job, ITaskRunner runner)
        {
            IReadOnlyList<StateSlot> slots = job.Group.Definition.Slots;
            for (int slot = 0; slot < slots.Count && job.Shape.Length > 0; slot++)
            {
                if (slots[slot].Extent != SlotExtent.Elements)
                {
                    _slot = slot;
                    Finish(job, slot, slots[slot].Extent, Sum(job, runner));
                }
            }
        }

        protected override void Read(in TensorJob job, nuint start, int count, float* values, int widestLane)
        {
            nuint end = start + (nuint)count;
            TensorJob read = job;
            read.Format = StateFormat.Float32;
            read.Addresses.Slots.First = values - start;
            StepTransforms transforms = LimitedGradient.Transform(job, job.Transforms, values, start, end, ref read.Addresses, widestLane);
            KernelDispatch.Read(new TermPass(((RuleStep<TRule>)job.Group)[job.Rule], _slot), read, transforms, start, end, widestLane);
        }

        private static void Finish(in TensorJob job, int slot, SlotExtent extent, LineWorkspace sums)
        {
            TensorShape shape = job.Shape;
            ref TRule rule = ref ((RuleStep<TRule>)job.Group)[job.Rule];
            SlotAddresses addresses = job.Addresses.Slots;
            float* values = (float*)addresses[slot].Elements;
            if (extent == SlotExtent.Rows)
            {
                for (int row = 0; row < shape.Batches * shape.Rows; row++)
                {
                    values[row] = LineWorkspace.Stored(rule.LineValue(slot, values[row], sums.SumsOfRows[row], shape.Columns));
                }
            }
            else
            {
                for (int column = 0; column < shape.Batches * shape.Columns; column++)
                {
                    double sum = sums.SumOfColumn(column / shape.Columns, column % shape.Columns);
                    values[column] = LineWorkspace.Stored(rule.LineValue(slot, values[column], sum, shape.Rows));
                }
            }
        }
    }

    /// <summary>Writes the terms of the sums to scratch.</summary>
    private struct TermPass(TRule rule, int slot) : IUpdateRule<TermPass>
    {
        private TRule _rule = rule;
        private readonly int _slot = slot;

        public static int SlotCount => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Update<V, TStorage>(ref TermPass pass, V gradient, ref V parameter, in SlotAddresses slots, long index)
            where V : struct, ILane<V>
            where TStorage : struct, IStorage =>
            V.Store(pass._rule.Term(pass._slot, gradient, parameter), slots.First + index);
    }
}
