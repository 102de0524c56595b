namespace Optimizers.Engine;

/// <summary>A buffer with one number for each element of a tensor: its address and the format of the numbers.</summary>
/// <param name="Address">The address of the first number; null if there is no buffer.</param>
/// <param name="Format">The format of the numbers.</param>
internal readonly unsafe record struct NumberBuffer(nuint Address, NumberFormat Format)
{
    public NumberBuffer(void* address, NumberFormat format)
        : this((nuint)address, format)
    {
    }

    /// <summary>Whether the buffer has 16-bit numbers, which a pass must convert.</summary>
    public bool IsRounded => Address != 0 && Format != NumberFormat.Float32;

    /// <summary>The floats; null if the numbers have 16 bits.</summary>
    /// <remarks>Not public, because the compiler of native programs fails on a record that would print a pointer.</remarks>
    internal float* Floats => Format == NumberFormat.Float32 ? (float*)Address : null;

    public nuint ElementSize => SizeOf(Format);

    private ushort* Codes => (ushort*)Address;

    public static nuint SizeOf(NumberFormat format) => (nuint)(format == NumberFormat.Float32 ? sizeof(float) : sizeof(ushort));

    /// <summary>Converts elements to floats. <paramref name="values"/> begins with the element <paramref name="start"/>.</summary>
    public void Read(nuint start, nuint end, float* values, int widestLane)
    {
        switch (Format)
        {
            case NumberFormat.BFloat16:
                NumberLoops.Decode<BFloat16Code>(Codes, values - start, start, end, widestLane);
                break;

            case NumberFormat.Half:
                NumberLoops.Decode<HalfCode>(Codes, values - start, start, end, widestLane);
                break;

            default:
                new ReadOnlySpan<float>(Floats + start, (int)(end - start)).CopyTo(new Span<float>(values, (int)(end - start)));
                break;
        }
    }

    /// <summary>Rounds floats to the nearest number, ties to even.</summary>
    public void Write(nuint start, nuint end, float* values, int widestLane)
    {
        switch (Format)
        {
            case NumberFormat.BFloat16:
                NumberLoops.Round<BFloat16Code>(values - start, Codes, start, end, widestLane);
                break;

            case NumberFormat.Half:
                NumberLoops.Round<HalfCode>(values - start, Codes, start, end, widestLane);
                break;

            default:
                new ReadOnlySpan<float>(values, (int)(end - start)).CopyTo(new Span<float>(Floats + start, (int)(end - start)));
                break;
        }
    }

    /// <summary>Rounds floats up or down at random.</summary>
    public void WriteAtRandom(nuint start, nuint end, float* values, RoundingDither dither, int widestLane)
    {
        if (Format == NumberFormat.BFloat16)
        {
            NumberLoops.RoundAtRandom<BFloat16Code>(values - start, Codes, dither, start, end, widestLane);
        }
        else
        {
            NumberLoops.RoundAtRandom<HalfCode>(values - start, Codes, dither, start, end, widestLane);
        }
    }

    /// <summary>Adds the rounding errors in this buffer to values.</summary>
    public void AddTo(nuint start, nuint end, float* values, int widestLane)
    {
        if (Format == NumberFormat.BFloat16)
        {
            NumberLoops.AddErrors<BFloat16Code>(Codes, values - start, start, end, widestLane);
        }
        else
        {
            NumberLoops.AddErrors<HalfCode>(Codes, values - start, start, end, widestLane);
        }
    }

    /// <summary>Rounds floats to the nearest number, and stores the rounding errors in another buffer of the same format.</summary>
    public void WriteWithErrors(nuint start, nuint end, float* values, NumberBuffer errors, int widestLane)
    {
        if (Format == NumberFormat.BFloat16)
        {
            NumberLoops.RoundWithErrors<BFloat16Code>(values - start, Codes, errors.Codes, start, end, widestLane);
        }
        else
        {
            NumberLoops.RoundWithErrors<HalfCode>(values - start, Codes, errors.Codes, start, end, widestLane);
        }
    }

    /// <summary>Sets elements to zero.</summary>
    public void Clear(nuint start, nuint end) =>
        System.Runtime.InteropServices.NativeMemory.Clear((byte*)Address + (start * ElementSize), (end - start) * ElementSize);
}

/// <summary>The buffers of a parameter that a step reads and writes.</summary>
/// <param name="Values">The values that a step updates: floats, or 16-bit numbers without a master copy.</param>
/// <param name="Gradients">The gradients.</param>
/// <param name="Errors">The rounding errors of 16-bit values, if they are kept.</param>
/// <param name="RoundedCopy">The 16-bit numbers that a step rounds updated floats into.</param>
internal readonly record struct ParameterBuffers(
    NumberBuffer Values, NumberBuffer Gradients, NumberBuffer Errors, NumberBuffer RoundedCopy);
