namespace Optimizers.Training;

/// <summary>
/// Calls the clip of a model in its steps, before anything is written. If the step is refused after that, rewritten gradients are
/// restored.
/// </summary>
internal sealed class ModelClip(IGradientClip? clip, TensorBatch batch, PassRunner runner, ModelPlan plan)
{
    private readonly IRewritingClip? _rewriting = clip as IRewritingClip;
    private readonly IGlobalClip? _global = clip as IGlobalClip;
    private readonly ITensorClip? _tensor = clip as ITensorClip;
    private readonly IElementClip? _element = clip as IElementClip;
    private readonly GradientBackup _backup = new();
    private readonly List<float[]> _gradients = [];
    private float[] _values = [];

    /// <summary>Whether the clip needs the norm of the gradients.</summary>
    public bool Measures => _global is not null || _tensor is not null;

    /// <summary>Whether the clip writes to the gradient buffers.</summary>
    public bool Rewrites => _rewriting is not null;

    /// <summary>The norm that the clip needs; the Euclidean norm without a clip.</summary>
    public Norm Norm => clip is null ? Norm.Euclidean : ClipCalls.NormOf(clip, nameof(ModelOptimizerOptions.Clip));

    /// <summary>Throws if a parameter cannot be clipped.</summary>
    public void Check(Parameter parameter)
    {
        if (clip is not null)
        {
            ClipCalls.Check(clip, parameter, nameof(ModelOptimizerOptions.Clip));
        }
    }

    /// <summary>Calls the clip for a step. Gradients that it rewrites are written; <see cref="PutBack"/> can restore them.</summary>
    /// <param name="step">The step, with the norm of the gradients before any rewriting.</param>
    /// <param name="divisor">The number to divide the gradients by: the loss scale.</param>
    /// <param name="checks">Whether gradients must be finite.</param>
    public ClippedStep Ask(ClipStep step, double divisor, bool checks)
    {
        if (_rewriting is not null)
        {
            Rewrite(_rewriting, step, divisor);
            divisor = 1;
            if (checks || Measures)
            {
                step = step with { GradientNorm = runner.GradientNorm(Norm) };
            }

            if (checks && !double.IsFinite(step.GradientNorm))
            {
                (int job, int element) = runner.FindNonFinite();
                string what = $"the gradient that {_rewriting.GetType().Name} rewrites";
                return new ClippedStep { Step = step, Overflow = new Overflow(job, element, 0, what) };
            }
        }

        double factor = _global is null ? 1 : ClipCalls.FactorOfAll(_global, step);
        float limit = _element is null ? float.PositiveInfinity : ClipCalls.LimitOf(_element, step);
        float scale = (float)(factor / divisor);
        if (_global is not null)
        {
            ClipCalls.CheckProduct(_global, step, scale, step.GradientNorm);
        }

        double largest = step.GradientNorm * factor;
        double smallest = 1;
        if (_tensor is not null)
        {
            (smallest, largest) = AskForEach(_tensor, step, divisor, factor, scale);
        }

        return new ClippedStep
        {
            Step = step,
            Scale = scale,
            Limit = limit,
            Factor = factor * smallest,
            LargestGradient = Math.Min(largest, limit),
        };
    }

    /// <summary>Tells the clip that the step will be applied. The gradients stay as they are now.</summary>
    public void Commit(ClipStep step)
    {
        if (clip is not null)
        {
            ClipCalls.Commit(clip, step);
        }

        _backup.Forget();
    }

    /// <summary>Restores gradients that were rewritten for a step that is not applied.</summary>
    public void PutBack() => _backup.PutBack();

    private void Rewrite(IRewritingClip rewriting, ClipStep step, double divisor)
    {
        _backup.Take(plan.Participants);
        for (int job = 0; job < batch.Count; job++)
        {
            GroupStep group = batch[job].Group;
            Parameter parameter = plan.Participants[job];
            ClipCalls.Rewrite(
                rewriting, step, parameter, GradientsOf(job, parameter), ValuesOf(parameter), divisor, group.LearningRate, group.WeightDecay);
        }
    }

    // The step reads the rewritten floats instead of the 16-bit gradients, which would round them.
    private unsafe Span<float> GradientsOf(int job, Parameter parameter)
    {
        if (!parameter.HasRoundedGradients)
        {
            return parameter.WritableGradients;
        }

        while (_gradients.Count <= job)
        {
            _gradients.Add([]);
        }

        if (_gradients[job].Length != parameter.Length)
        {
            _gradients[job] = GC.AllocateUninitializedArray<float>(parameter.Length, pinned: true);
        }

        float[] floats = _gradients[job];
        parameter.CopyGradientsTo(floats);
        ref TensorJob tensor = ref batch[job];
        tensor.StoredGradients = default;
        tensor.Addresses.Gradients = (float*)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(floats));

        // The next step takes the buffers of the parameters again.
        parameter.Set.Moved();
        return floats;
    }

    private ReadOnlySpan<float> ValuesOf(Parameter parameter)
    {
        if (parameter.HasFloats)
        {
            return parameter.Values;
        }

        if (_values.Length < parameter.Length)
        {
            _values = GC.AllocateUninitializedArray<float>(parameter.Length);
        }

        Span<float> values = _values.AsSpan(0, parameter.Length);
        parameter.CopyValuesTo(values);
        return values;
    }

    private (double Smallest, double Largest) AskForEach(ITensorClip tensorClip, ClipStep step, double divisor, double factor, float scale)
    {
        double smallest = double.PositiveInfinity;
        double largest = 0;
        Norm kind = Norm;
        for (int job = 0; job < batch.Count; job++)
        {
            double norm = runner.GradientNormOf(job) / divisor;
            GroupStep group = batch[job].Group;
            var tensor = new TensorNorms(plan.Participants[job], kind, norm) { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay };
            double ofTensor = tensor.Length == 0 ? 1 : ClipCalls.FactorOf(tensorClip, step, tensor);
            batch[job].ClipFactor = (float)ofTensor;
            ClipCalls.CheckProduct(tensorClip, step, scale * (float)ofTensor, norm, tensor.Parameter);
            if (tensor.Length > 0)
            {
                smallest = Math.Min(smallest, ofTensor);
                largest = Math.Max(largest, norm * factor * ofTensor);
            }
        }

        return (double.IsPositiveInfinity(smallest) ? 1 : smallest, largest);
    }
}
