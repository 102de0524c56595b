using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>Calls clips, which may be user code, and throws if a result cannot be used.</summary>
internal static class ClipCalls
{
    /// <summary>Throws if a clip implements none of the interfaces, or asks for a norm that does not exist.</summary>
    public static void Check(IGradientClip clip, string argument)
    {
        if (clip is not (IGlobalClip or ITensorClip or IElementClip or IRewritingClip))
        {
            throw new ArgumentException(
                $"{NameOf(clip)} does not clip anything: it implements none of {nameof(IGlobalClip)}, {nameof(ITensorClip)}, {nameof(IElementClip)} "
                + $"and {nameof(IRewritingClip)}. Implement one of them.",
                argument);
        }

        _ = NormOf(clip, argument);
    }

    /// <summary>Throws if a parameter cannot be clipped.</summary>
    public static void Check(IGradientClip clip, Parameter parameter, string argument)
    {
        string? refusal;
        try
        {
            refusal = clip.RefusalOf(parameter);
        }
        catch (Exception exception)
        {
            throw new ArgumentException(
                $"{NameOf(clip)} threw in {nameof(IGradientClip.RefusalOf)} for {Quoted.Name(parameter.Name)}: {exception.Message}", argument, exception);
        }

        if (refusal is not null)
        {
            throw new ArgumentException(refusal, argument);
        }
    }

    /// <summary>The norm that a clip asks for.</summary>
    public static Norm NormOf(IGradientClip clip, string argument)
    {
        (NormKind kind, double order) = (clip.NormKind, clip.Order);
        bool known = kind is NormKind.Euclidean or NormKind.Infinity || (kind == NormKind.P && order >= 1 && double.IsFinite(order));
        return known
            ? new Norm(kind, order)
            : throw new ArgumentException(
                $"{NameOf(clip)} asks for a norm that does not exist: {nameof(IGradientClip.NormKind)} = {kind}, {nameof(IGradientClip.Order)} = {order}. "
                + $"The kind must be one of {string.Join(", ", Enum.GetNames<NormKind>())}, and the order of {nameof(NormKind.P)} must be finite and at least 1.",
                argument);
    }

    public static double FactorOfAll(IGlobalClip clip, ClipStep step)
    {
        double factor;
        try
        {
            factor = clip.FactorOfAll(step);
        }
        catch (Exception exception)
        {
            throw Threw(clip, nameof(IGlobalClip.FactorOfAll), step, exception);
        }

        return IsFactor(factor, step.GradientNorm) ? factor : throw Unusable(clip, nameof(IGlobalClip.FactorOfAll), step, factor, step.GradientNorm);
    }

    public static double FactorOf(ITensorClip clip, ClipStep step, in TensorNorms tensor)
    {
        double factor;
        try
        {
            factor = clip.FactorOf(step, tensor);
        }
        catch (Exception exception)
        {
            throw Threw(clip, nameof(ITensorClip.FactorOf), step, exception, tensor.Parameter);
        }

        return IsFactor(factor, tensor.GradientNorm)
            ? factor
            : throw Unusable(clip, nameof(ITensorClip.FactorOf), step, factor, tensor.GradientNorm, tensor.Parameter);
    }

    public static float LimitOf(IElementClip clip, ClipStep step)
    {
        double limit;
        try
        {
            limit = clip.LimitOf(step);
        }
        catch (Exception exception)
        {
            throw Threw(clip, nameof(IElementClip.LimitOf), step, exception);
        }

        return (float)limit > 0
            ? (float)limit
            : throw OutOfRange(
                nameof(ModelOptimizerOptions.Clip),
                limit,
                $"{NameOf(clip)} returned a limit of {limit} in update {step.Update}. A limit must be above 0, also after rounding to float: 0 would make every gradient 0. "
                + "Return infinity for no limit.");
    }

    /// <summary>Divides the gradients of a tensor by the loss scale, then lets a clip rewrite them; a table's row by row.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="step">The step.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradients">Its gradients as floats.</param>
    /// <param name="values">Its values as floats.</param>
    /// <param name="divisor">The loss scale.</param>
    /// <param name="learningRate">The learning rate of the tensor.</param>
    /// <param name="weightDecay">The weight decay of the tensor.</param>
    public static void Rewrite(
        IRewritingClip clip,
        ClipStep step,
        Parameter parameter,
        Span<float> gradients,
        ReadOnlySpan<float> values,
        double divisor = 1,
        double learningRate = double.NaN,
        double weightDecay = double.NaN)
    {
        if (divisor != 1)
        {
            TensorPrimitives.Multiply(gradients, (float)(1 / divisor), gradients);
        }

        int width = parameter.Rows?.Width ?? gradients.Length;
        for (int start = 0; start < gradients.Length; start += width)
        {
            int? row = parameter.Rows?.Rows[start / width];
            var tensor = new TensorGradient(
                parameter, row, gradients.Slice(start, width), values.Slice(row * width ?? 0, width))
            {
                LearningRate = learningRate,
                WeightDecay = weightDecay,
            };
            try
            {
                clip.Rewrite(step, tensor);
            }
            catch (Exception exception)
            {
                throw Threw(clip, nameof(IRewritingClip.Rewrite), step, exception, parameter);
            }
        }
    }

    public static void Commit(IGradientClip clip, ClipStep step)
    {
        try
        {
            clip.Commit(step);
        }
        catch (Exception exception)
        {
            throw Threw(clip, nameof(IGradientClip.Commit), step, exception);
        }
    }

    /// <summary>Throws if a product of factors, or of a factor and the inverse of the loss scale, is not finite as a float.</summary>
    public static void CheckProduct(IGradientClip clip, ClipStep step, float product, double norm, Parameter? parameter = null)
    {
        if (!float.IsFinite(product) && double.IsFinite(norm) && double.IsFinite(step.GradientNorm))
        {
            throw Unusable(clip, "all", step, product, norm, parameter);
        }
    }

    /// <summary>The type of a clip, as messages show it.</summary>
    public static string NameOf(IGradientClip clip) => $"The clip {clip.GetType().Name}";

    private static bool IsFactor(double factor, double norm) => (factor >= 0 && float.IsFinite((float)factor)) || !double.IsFinite(norm);

    private static InvalidOperationException Threw(
        IGradientClip clip, string method, ClipStep step, Exception cause, Parameter? parameter = null) =>
        new($"{NameOf(clip)} threw in {method}{For(parameter)} in update {step.Update}: {cause.Message} The step was not taken.", cause);

    private static ArgumentOutOfRangeException Unusable(
        IGradientClip clip, string method, ClipStep step, double factor, double norm, Parameter? parameter = null) =>
        OutOfRange(
            nameof(ModelOptimizerOptions.Clip),
            factor,
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{NameOf(clip)} returned the factor {factor} in {method}{For(parameter)} in update {step.Update}, where the norm is {norm}. A factor must be at least 0 and finite, also after rounding to float. The step was not taken."));

    private static ArgumentOutOfRangeException OutOfRange(string option, double value, string message) => new(option, value, message);

    private static string For(Parameter? parameter) => parameter is null ? "" : $" for {Quoted.Name(parameter.Name)}";
}
