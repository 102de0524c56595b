namespace Optimizers.Engine;

/// <summary>
/// What happens to an element around its rule while it is in registers: the gradient is scaled (clip factor, unscaling,
/// the sign of maximizing), limited and zeroed, and the weight decays. Each choice is a type, so that what is not asked for costs
/// nothing.
/// </summary>
internal readonly record struct Treatment(
    float GradientScale, float GradientLimit, bool ZeroGradient, float CoupledDecay, float ParameterFactor, bool AtRest);

/// <summary>How a gradient is read.</summary>
internal interface IGradientReading
{
    static abstract unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V>;
}

internal readonly struct PlainGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        V.Load(gradient);
}

internal readonly struct ScaledGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        V.Load(gradient, treatment.GradientScale);
}

/// <summary>Scaled, and then no larger than the limit; a NaN stays one.</summary>
internal readonly struct LimitedGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V>
    {
        V scaled = ScaledGradient.Read<V>(gradient, treatment);
        return V.Max(V.Min(scaled, V.Splat(treatment.GradientLimit)), V.Splat(-treatment.GradientLimit));
    }
}

internal readonly struct ZeroedGradient<TReading> : IGradientReading
    where TReading : struct, IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V>
    {
        V value = TReading.Read<V>(gradient, treatment);
        V.Store(V.Splat(0), gradient);
        return value;
    }
}

/// <summary>For a pass that has no more use for the gradient.</summary>
internal readonly struct NoGradient : IGradientReading
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        V.Splat(0);
}

/// <summary>What happens to a parameter before its rule, and how it is written after.</summary>
internal interface IParameterWriting
{
    static abstract unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V>;

    /// <returns>What was written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual unsafe V Write<V>(V parameter, in TensorAddresses tensor, nuint index)
        where V : struct, ILane<V>
    {
        V.Store(parameter, tensor.Parameters + index);
        return parameter;
    }
}

internal readonly struct NoDecay : IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        V.Load(parameter);
}

/// <summary>g ← g + λp, seen by the moments.</summary>
internal readonly struct CoupledDecay : IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V>
    {
        V value = V.Load(parameter);
        gradient += treatment.CoupledDecay * value;
        return value;
    }
}

/// <summary>p ← p·(1 − ηλ), before the step and not seen by the moments.</summary>
internal readonly struct DecoupledDecay : IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        V.Load(parameter, treatment.ParameterFactor);
}

/// <summary>
/// For a rate of 0, which must not change one bit: −0 − (−0·u) is +0, 0·u is NaN where u is not finite, and some rules move
/// by more than a multiple of the rate.
/// </summary>
internal readonly struct AtRest<TWriting> : IParameterWriting
    where TWriting : struct, IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        TWriting.Read(parameter, ref gradient, treatment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Write<V>(V parameter, in TensorAddresses tensor, nuint index)
        where V : struct, ILane<V> =>
        TWriting.Write(V.Load(tensor.Parameters + index), tensor, index);
}

/// <summary>For a pass that only measures.</summary>
internal readonly struct Untouched<TWriting> : IParameterWriting
    where TWriting : struct, IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        TWriting.Read(parameter, ref gradient, treatment);

    public static unsafe V Write<V>(V parameter, in TensorAddresses tensor, nuint index)
        where V : struct, ILane<V> =>
        V.Load(tensor.Parameters + index);
}

/// <summary>Also writes the parameter rounded to bfloat16, for a forward pass that computes with that.</summary>
internal readonly struct RoundedCopy<TWriting> : IParameterWriting
    where TWriting : struct, IParameterWriting
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Read<V>(float* parameter, ref V gradient, in Treatment treatment)
        where V : struct, ILane<V> =>
        TWriting.Read(parameter, ref gradient, treatment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe V Write<V>(V parameter, in TensorAddresses tensor, nuint index)
        where V : struct, ILane<V>
    {
        V written = TWriting.Write(parameter, tensor, index);
        V.StoreUpperBits(BFloat16Code.Nearest(written), (ushort*)(tensor.RoundedCopy + index));
        return written;
    }
}
