using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>Comparisons of floats by their bits: −0 differs from +0, and NaN equals NaN.</summary>
internal static class Bits
{
    public static void ShouldHaveTheBitsOf(
        this ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string what)
    {
        actual.Length.Should().Be(expected.Length, what);
        int same = MemoryMarshal.Cast<float, int>(actual).CommonPrefixLength(MemoryMarshal.Cast<float, int>(expected));
        if (same < actual.Length)
        {
            Assert.Fail($"{what}: element {same} is {Show(actual[same])}, not {Show(expected[same])}.");
        }
    }

    public static void ShouldHaveTheBitsOf(this float[] actual, float[] expected, string what) =>
        ShouldHaveTheBitsOf(actual.AsSpan(), expected, what);

    public static void ShouldHaveTheBitsOf(this OptimizerSnapshot actual, OptimizerSnapshot expected, string what)
    {
        actual.Iteration.Should().Be(expected.Iteration, what);
        actual.Scalars.Should().BeEquivalentTo(expected.Scalars, what);
        actual.Format.Should().Be(expected.Format, what);
        actual.Stored.Keys.Should().BeEquivalentTo(expected.Stored.Keys, what);
        foreach ((string name, ReadOnlyMemory<byte> memory) in actual.Stored)
        {
            int same = memory.Span.CommonPrefixLength(expected.Stored[name].Span);
            same.Should().Be(expected.Stored[name].Length, $"{what}, {name}: the first byte that differs");
            memory.Length.Should().Be(same, $"{what}, {name}");
        }

        actual.Slots.Keys.Should().BeEquivalentTo(expected.Slots.Keys, what);
        foreach ((string name, ReadOnlyMemory<float> values) in actual.Slots)
        {
            values.Span.ShouldHaveTheBitsOf(expected.Slots[name].Span, $"{what}, {name}");
        }
    }

    private static string Show(float value) => $"{value:R} (0x{BitConverter.SingleToInt32Bits(value):X8})";
}
