namespace Optimizers.Engine;

/// <summary>
/// Takes a step on copies, tensor by tensor, to find out whether parameters and state would stay finite. It writes nothing that belongs
/// to the user or the optimizer. The rules have received their sums afterwards, so they must be prepared again.
/// </summary>
internal static unsafe class TrialStep
{
    /// <summary>Finds an element that would no longer be finite.</summary>
    /// <param name="step">The tensors of the step, ready to be applied.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    /// <param name="states">The state of each tensor.</param>
    /// <returns>The affected element with the largest gradient; null if everything would stay finite.</returns>
    public static Overflow? Find(TensorBatch step, int widestLane, ReadOnlySpan<OptimizerState> states)
    {
        var trial = new TensorBatch();
        var runner = new PassRunner(trial, threads: 1, widestLane);
        var tensors = new List<Trial>();
        for (int first = 0; first < step.Count; first++)
        {
            // Tensors that share their sums are tried together; all others are tried one by one, which needs less memory.
            GroupStep group = step[first].Group;
            bool together = group.Definition.SharesScalars;
            if (together && HasEarlier(step, first, group))
            {
                continue;
            }

            trial.Clear();
            tensors.Clear();
            for (int job = first; job < (together ? step.Count : first + 1); job++)
            {
                if (step[job].Group == group)
                {
                    tensors.Add(new Trial(step[job], job, states[job]));
                    tensors[^1].AddTo(trial);
                }
            }

            runner.Apply();
            Overflow? worst = null;
            foreach (Trial tensor in tensors)
            {
                Overflow? found = tensor.FindOverflow();
                worst = found is not null && !(found.Magnitude <= worst?.Magnitude) ? found : worst;
            }

            if (worst is not null)
            {
                return worst;
            }
        }

        return null;
    }

    private static bool HasEarlier(TensorBatch step, int job, GroupStep group)
    {
        for (int earlier = 0; earlier < job; earlier++)
        {
            if (step[earlier].Group == group)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A tensor with copies of its buffers; for a table, copies of the rows that the step updates.</summary>
    private sealed class Trial
    {
        private readonly TensorJob _job;
        private readonly int _number;
        private readonly OptimizerState _before;
        private readonly OptimizerState _after;
        private readonly float[] _parameters;
        private readonly float[] _gradients;

        public Trial(in TensorJob job, int number, OptimizerState state)
        {
            _job = job;
            _number = number;
            _before = state;
            int length = job.Rows?.Length ?? state.Length;
            _parameters = GC.AllocateUninitializedArray<float>(length, pinned: true);
            _gradients = GC.AllocateUninitializedArray<float>(length, pinned: true);
            ParameterCopy.Take(job, 0, _parameters);
            if (job.StoredGradients.IsRounded)
            {
                job.StoredGradients.Read(0, (nuint)length, AddressOf(_gradients), Kernel.WidestLane);
            }
            else
            {
                new ReadOnlySpan<float>(job.Addresses.Gradients, length).CopyTo(_gradients);
            }

            _after = job.Rows is null
                ? new OptimizerState(state.Shape, job.Group.Definition, state.Format)
                : new OptimizerState(TensorShape.OfVector(length), job.Group.Definition);
            for (int i = 0; i < state.Slots.Count; i++)
            {
                if (job.Rows is null)
                {
                    _after.Slots[i].CopyFrom(state.Slots[i]);
                }
                else
                {
                    ParameterCopy.Take(job, (float*)state.Slots[i].Address, 0, _after.Slots[i].Stored<float>());
                }
            }
        }

        public void AddTo(TensorBatch trial)
        {
            ref TensorJob job = ref trial.Add(_job.Group, _after, _parameters.Length);
            job.Addresses.Parameters = AddressOf(_parameters);
            job.Addresses.Gradients = AddressOf(_gradients);
            job.Rule = _job.Rule;
            job.ClipFactor = _job.ClipFactor;
        }

        public Overflow? FindOverflow()
        {
            Overflow? worst = null;
            for (int i = 0; i < _after.Slots.Count; i++)
            {
                FindInSlot(i, ref worst);
            }

            ReadOnlySpan<double> scalars = _job.Group.ScalarsAfter(_job.Rule);
            for (int i = 0; i < scalars.Length; i++)
            {
                if (!double.IsFinite(scalars[i]) && double.IsFinite(_before.Scalars[i]))
                {
                    Take(LargestGradient(), $"the state scalar \"{_before.ScalarNames[i]}\"", ref worst);
                }
            }

            RoundParameters();
            Span<float> before = stackalloc float[Blocks.Length];
            for (int start = 0; start < _parameters.Length; start += Blocks.Length)
            {
                Span<float> piece = before[..Math.Min(Blocks.Length, _parameters.Length - start)];
                ParameterCopy.Take(_job, (nuint)start, piece);
                Compare(piece, _parameters.AsSpan(start, piece.Length), start, "the parameter", ref worst);
            }

            GC.KeepAlive(_before);
            return worst;
        }

        // A value that is too large for its 16-bit format becomes infinite when it is stored.
        private void RoundParameters()
        {
            NumberFormat format = _job.StoredValues.IsRounded ? _job.StoredValues.Format : _job.RoundedCopy.Format;
            if (format == NumberFormat.Float32)
            {
                return;
            }

            ushort* codes = stackalloc ushort[Blocks.Length];
            for (int start = 0; start < _parameters.Length; start += Blocks.Length)
            {
                nuint count = (nuint)Math.Min(Blocks.Length, _parameters.Length - start);
                var rounded = new NumberBuffer(codes, format);
                rounded.Write(0, count, AddressOf(_parameters) + start, Kernel.WidestLane);
                rounded.Read(0, count, AddressOf(_parameters) + start, Kernel.WidestLane);
            }
        }

        private static float* AddressOf(float[] pinned) =>
            (float*)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));

        private void FindInSlot(int number, ref Overflow? worst)
        {
            Slot slot = _after.Slots[number];
            float* before = stackalloc float[Blocks.Length];
            float* after = stackalloc float[Blocks.Length];
            for (int start = 0; start < slot.Length; start += Blocks.Length)
            {
                int count = Math.Min(Blocks.Length, slot.Length - start);
                var beforeValues = new Span<float>(before, count);
                if (_job.Rows is null)
                {
                    _before.Slots[number].Read((nuint)start, (nuint)(start + count), before, Kernel.WidestLane);
                }
                else
                {
                    ParameterCopy.Take(_job, (float*)_before.Slots[number].Address, (nuint)start, beforeValues);
                }

                slot.Read((nuint)start, (nuint)(start + count), after, Kernel.WidestLane);
                Compare(beforeValues, new Span<float>(after, count), start, $"the state slot \"{slot.Declared.Name}\"", ref worst, slot.Declared.Extent);
            }
        }

        private void Compare(
            ReadOnlySpan<float> before,
            ReadOnlySpan<float> after,
            int start,
            string what,
            ref Overflow? worst,
            SlotExtent extent = SlotExtent.Elements)
        {
            for (int i = 0; i < after.Length; i++)
            {
                if (!float.IsFinite(after[i]) && float.IsFinite(before[i]))
                {
                    Take(extent == SlotExtent.Elements ? start + i : LargestGradient(), what, ref worst);
                }
            }
        }

        private void Take(int element, string what, ref Overflow? worst)
        {
            float magnitude = element < _gradients.Length ? Math.Abs(_gradients[element]) : 0;
            if (worst is null || magnitude > worst.Magnitude)
            {
                worst = new Overflow(_number, element, magnitude, what);
            }
        }

        private int LargestGradient()
        {
            int largest = 0;
            for (int i = 1; i < _gradients.Length; i++)
            {
                largest = Math.Abs(_gradients[i]) > Math.Abs(_gradients[largest]) ? i : largest;
            }

            return largest;
        }
    }
}

/// <summary>An overflow: a step with finite gradients would make a number infinite or NaN.</summary>
/// <param name="Job">The number of the tensor in the step.</param>
/// <param name="Element">The index of the element in its gradient.</param>
/// <param name="Magnitude">The magnitude of its gradient.</param>
/// <param name="What">The slot, scalar or parameter that would overflow, as text for a message.</param>
internal sealed record Overflow(int Job, int Element, float Magnitude, string What);
