namespace Optimizers.Engine;

/// <summary>The operations around the rule of a tensor in a step.</summary>
/// <param name="Gradient">The transform of the gradient before the rule reads it.</param>
/// <param name="Decay">The weight decay outside the rule.</param>
/// <param name="ZeroGradient">Whether the gradient is zeroed after its last use.</param>
/// <param name="AtRest">
/// Whether the parameters keep their bits, as at a rate of 0. Multiplying the update by 0 is not enough: −0 − (−0·u) is +0, 0·u is NaN
/// if u is not finite, and some rules move by more than a multiple of the rate.
/// </param>
internal readonly record struct StepTransforms(GradientTransform Gradient, WeightDecay Decay, bool ZeroGradient, bool AtRest)
{
    /// <summary>No operations.</summary>
    public static StepTransforms None => new(new(1, float.PositiveInfinity), new(0, 1), ZeroGradient: false, AtRest: false);

    /// <summary>Whether the rule reads the gradient without a transform, and the gradient is not changed.</summary>
    public bool LeaveGradient => Gradient.Scale == 1 && Decay.Coupled == 0 && !ZeroGradient;

    /// <summary>Whether <see cref="BlockPass"/> has work to do around the loop.</summary>
    public bool NeedBlocks => AtRest | Gradient.IsLimited;
}

/// <summary>g ← min(max(Scale·g, −Limit), Limit); NaN stays NaN.</summary>
/// <param name="Scale">The product of the clip factor, the inverse loss scale and the sign of maximizing. 1 changes no bit.</param>
/// <param name="Limit">The largest magnitude.</param>
internal readonly record struct GradientTransform(float Scale, float Limit)
{
    public bool IsLimited => Limit < float.PositiveInfinity;
}

/// <summary>Coupled decay, which the state includes: g ← g + Coupled·p. Decoupled decay, which it does not: p ← Factor·p.</summary>
/// <param name="Coupled">λ for a coupled decay; otherwise 0.</param>
/// <param name="Factor">1 − ηλ for a decoupled decay; otherwise 1, which changes no bit.</param>
internal readonly record struct WeightDecay(float Coupled, float Factor);

/// <summary>The way to read a gradient, as a type argument of the loop.</summary>
internal interface IGradientReading
{
    static virtual bool Reads => true;

    static virtual bool Zeroes => false;

    static abstract unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V>;
}

/// <summary>Reads the gradient as it is. A multiplication by 1 would cost noticeable time in the lightest rules.</summary>
internal readonly struct PlainGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(gradient);
}

internal readonly struct ScaledGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(gradient, transforms.Gradient.Scale);
}

/// <summary>Zeroes the gradient as it is read. A separate pass would cost noticeable time in a model with many tensors.</summary>
internal readonly struct ZeroedGradient : IGradientReading
{
    public static bool Zeroes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V>
    {
        V value = ScaledGradient.Read<V>(gradient, transforms);
        V.Store(V.Splat(0), gradient);
        return value;
    }
}

/// <summary>For a pass that no longer needs the gradient.</summary>
internal readonly struct NoGradient : IGradientReading
{
    public static bool Reads => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Splat(0);
}

/// <summary>The way to read and write a parameter, with the weight decay between, as a type argument of the loop.</summary>
internal interface IParameterAccess
{
    static virtual bool Writes => true;

    static abstract unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V>;
}

/// <summary>Access without weight decay and without a multiplication.</summary>
internal readonly struct PlainParameter : IParameterAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(parameter);
}

/// <summary>g ← g + λp</summary>
internal readonly struct CoupledDecay : IParameterAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V>
    {
        // This loop cannot be used without a decay: adding 0·p would turn a gradient of −0 into +0.
        V value = V.Load(parameter);
        gradient += transforms.Decay.Coupled * value;
        return value;
    }
}

/// <summary>p ← p·(1 − ηλ); a factor of 1 is no decay.</summary>
internal readonly struct DecoupledDecay : IParameterAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(parameter, transforms.Decay.Factor);
}

/// <summary>For a pass that only reads parameters; a decoupled decay is applied later.</summary>
internal readonly struct ReadOnlyParameter : IParameterAccess
{
    public static bool Writes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(parameter);
}

/// <summary>The same with a coupled decay.</summary>
internal readonly struct ReadOnlyCoupledDecay : IParameterAccess
{
    public static bool Writes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        CoupledDecay.Read(parameter, ref gradient, transforms);
}
