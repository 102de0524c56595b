namespace Optimizers.Engine;

/// <summary>What happens to the elements of a tensor around its rule in a step.</summary>
/// <param name="Gradient">How the rule sees the gradient.</param>
/// <param name="Decay">The weight decay that is no part of the rule.</param>
/// <param name="ZeroGradient">Whether the gradient is zeroed after its last use.</param>
/// <param name="AtRest">
/// Whether the parameters keep their bits, as at a rate of 0: −0 − (−0·u) is +0, 0·u is NaN where u is not finite, and some rules
/// move by more than a multiple of the rate.
/// </param>
internal readonly record struct StepTransforms(GradientTransform Gradient, WeightDecay Decay, bool ZeroGradient, bool AtRest)
{
    /// <summary>Nothing.</summary>
    public static StepTransforms None => new(new(1, float.PositiveInfinity), new(0, 1), ZeroGradient: false, AtRest: false);

    /// <summary>Whether the rule sees the gradient as it stands, which stays so.</summary>
    public bool LeaveGradient => Gradient.Scale == 1 && Decay.Coupled == 0 && !ZeroGradient;

    /// <summary>Whether there is work that <see cref="BlockPass"/> does around the loop.</summary>
    public bool NeedBlocks => AtRest | Gradient.IsLimited;
}

/// <summary>g ← min(max(Scale·g, −Limit), Limit); a NaN stays one.</summary>
/// <param name="Scale">The clip factor, the unscaling and the sign of maximizing in one. A scale of 1 changes no bit.</param>
/// <param name="Limit">The largest magnitude.</param>
internal readonly record struct GradientTransform(float Scale, float Limit)
{
    public bool IsLimited => Limit < float.PositiveInfinity;
}

/// <summary>g ← g + Coupled·p, seen by the state, or p ← Factor·p, not seen by it.</summary>
/// <param name="Coupled">λ of a coupled decay; otherwise 0.</param>
/// <param name="Factor">1 − ηλ of a decoupled decay; otherwise 1, which changes no bit.</param>
internal readonly record struct WeightDecay(float Coupled, float Factor);

/// <summary>How a gradient is read: a type argument of the loop.</summary>
internal interface IGradientReading
{
    static virtual bool Reads => true;

    static virtual bool Zeroes => false;

    static abstract unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V>;
}

/// <summary>For a step that multiplies nothing: a product by 1 shows in the lightest rules.</summary>
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

/// <summary>Zeroed as it is read: a pass over it alone shows in a model of many tensors.</summary>
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

/// <summary>For a pass that has no more use for the gradient.</summary>
internal readonly struct NoGradient : IGradientReading
{
    public static bool Reads => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Splat(0);
}

/// <summary>How a parameter is read and written, and the weight decay between: a type argument of the loop.</summary>
internal interface IParameterAccess
{
    static virtual bool Writes => true;

    static abstract unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V>;
}

/// <summary>For a step without weight decay that multiplies nothing.</summary>
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
        // An absent decay has no loop in common with this one: adding 0·p would make a gradient of −0 a +0.
        V value = V.Load(parameter);
        gradient += transforms.Decay.Coupled * value;
        return value;
    }
}

/// <summary>p ← p·(1 − ηλ), or no decay.</summary>
internal readonly struct DecoupledDecay : IParameterAccess
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in StepTransforms transforms)
        where V : struct, ILane<V> =>
        V.Load(parameter, transforms.Decay.Factor);
}

/// <summary>For a pass that only reads parameters; a decoupled decay comes later.</summary>
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
