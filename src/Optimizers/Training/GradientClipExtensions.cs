using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>Clips gradients in place, without a step.</summary>
public static class GradientClipExtensions
{
    /// <summary>
    /// Clips the gradients of each parameter of a set in place, on the caller's thread. Parameters without a gradient are left out. In a
    /// table, the rows that have a gradient are clipped. A <see cref="ModelOptimizer"/> with the same clip in
    /// <see cref="ModelOptimizerOptions.Clip"/> does this on all threads, and mostly without writing to the gradients.
    /// </summary>
    /// <param name="clip">The clip.</param>
    /// <param name="parameters">The set.</param>
    /// <param name="update">The index of the update, for a clip that uses it. At least 0; default 0.</param>
    /// <returns>The norm of all gradients before clipping. <see cref="IGradientClip.NormKind"/> gives its kind.</returns>
    /// <exception cref="ArgumentException">The clip refuses a parameter, or gradients overlap and would be clipped more than once.
    /// In that case nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The clip returned a factor or a limit that cannot be used. In that case nothing has
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">A method of the clip threw; or the clip reads values, and the values of the
    /// parameters are temporarily replaced: by an average or slow weights (SwapIn), between Sam.Ascend and the step, or during
    /// a step of L-BFGS. In these cases nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static double Apply(this IGradientClip clip, ParameterSet parameters, long update = 0)
    {
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentNullException.ThrowIfNull(parameters);
        using GradientScope gradients = parameters.TakeGradients();
        if (clip is IGlobalClip or ITensorClip or IRewritingClip)
        {
            parameters.RequireGradientsApart("clipped", nameof(parameters));
        }

        return CheckAndClip(clip, [.. parameters], update, nameof(parameters));
    }

    /// <summary>Clips the gradients of one parameter in place, as if the set contained no other.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="parameter">The parameter. Without a gradient it stays as it is.</param>
    /// <param name="update">The index of the update, for a clip that uses it. At least 0; default 0.</param>
    /// <inheritdoc cref="Apply(IGradientClip, ParameterSet, long)" path="/returns|/exception"/>
    public static double Apply(this IGradientClip clip, Parameter parameter, long update = 0)
    {
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentNullException.ThrowIfNull(parameter);
        using GradientScope gradients = parameter.Set.TakeGradients();
        return CheckAndClip(clip, [parameter], update, nameof(parameter));
    }

    private static double CheckAndClip(IGradientClip clip, Parameter[] parameters, long update, string argument)
    {
        Require.AtLeast(update, 0);
        ClipCalls.Check(clip, nameof(clip));
        foreach (Parameter parameter in parameters)
        {
            if (clip is IRewritingClip)
            {
                parameter.RequireFreeValues();
            }

            ClipCalls.Check(clip, parameter, argument);
        }

        return Clip(clip, [.. parameters.Where(parameter => parameter.CanTakePart)], update);
    }

    private static double Clip(IGradientClip clip, Parameter[] parameters, long update)
    {
        Norm norm = ClipCalls.NormOf(clip, nameof(clip));
        float[]?[] floats = Array.ConvertAll(parameters, Converted);
        NormPart[] parts = Measure(norm, parameters, floats);
        var step = new ClipStep { Update = update, GradientNorm = WholeOf(norm, parts) };
        double before = step.GradientNorm;
        var backup = new GradientBackup();
        float[] factors;
        float limit;
        bool complete = false;
        try
        {
            if (clip is IRewritingClip rewriting)
            {
                backup.Take(parameters);
                for (int i = 0; i < parameters.Length; i++)
                {
                    ClipCalls.Rewrite(rewriting, step, parameters[i], GradientsOf(parameters[i], floats[i]), ValuesOf(parameters[i]));
                }

                parts = Measure(norm, parameters, floats);
                step = step with { GradientNorm = WholeOf(norm, parts) };
            }

            factors = FactorsOf(clip, step, norm, parameters, parts);
            limit = clip is IElementClip element ? ClipCalls.LimitOf(element, step) : float.PositiveInfinity;
            ClipCalls.Commit(clip, step);
            complete = true;
        }
        finally
        {
            if (!complete)
            {
                backup.PutBack();
            }
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            Span<float> gradients = GradientsOf(parameters[i], floats[i]);
            GradientScaling.Apply(gradients, factors[i]);
            if (limit < float.PositiveInfinity)
            {
                TensorPrimitives.Clamp(gradients, -limit, limit, gradients);
            }

            if (floats[i] is not null)
            {
                parameters[i].CopyGradientsFrom(gradients);
            }
        }

        return before;
    }

    private static float[] FactorsOf(IGradientClip clip, ClipStep step, Norm norm, Parameter[] parameters, NormPart[] parts)
    {
        float ofAll = clip is IGlobalClip global ? (float)ClipCalls.FactorOfAll(global, step) : 1;
        var factors = new float[parameters.Length];
        for (int i = 0; i < factors.Length; i++)
        {
            var tensor = new TensorNorms(parameters[i], norm, norm.Finish(parts[i]));
            factors[i] = ofAll;
            if (clip is ITensorClip tensorClip && tensor.Length > 0)
            {
                factors[i] *= (float)ClipCalls.FactorOf(tensorClip, step, tensor);
                ClipCalls.CheckProduct(clip, step, factors[i], tensor.GradientNorm, tensor.Parameter);
            }
        }

        return factors;
    }

    private static NormPart[] Measure(Norm norm, Parameter[] parameters, float[]?[] floats) =>
        [.. parameters.Select((parameter, i) => norm.OfTensor(GradientsOf(parameter, floats[i])))];

    // 16-bit gradients as floats; null if they are floats already.
    private static float[]? Converted(Parameter parameter)
    {
        if (!parameter.HasRoundedGradients)
        {
            return null;
        }

        var floats = new float[parameter.Length];
        parameter.CopyGradientsTo(floats);
        return floats;
    }

    private static Span<float> GradientsOf(Parameter parameter, float[]? floats) => floats is null ? parameter.WritableGradients : floats;

    private static ReadOnlySpan<float> ValuesOf(Parameter parameter)
    {
        if (parameter.HasFloats)
        {
            return parameter.Values;
        }

        var values = new float[parameter.Length];
        parameter.CopyValuesTo(values);
        return values;
    }

    private static double WholeOf(Norm norm, NormPart[] parts)
    {
        NormPart whole = default;
        foreach (NormPart part in parts)
        {
            whole = norm.Combine(whole, part);
        }

        return norm.Finish(whole);
    }
}
