using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Optimizers.Tests;

/// <summary>A hash of numbers to the last bit, as 16 hexadecimal digits.</summary>
internal sealed class PinHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(ReadOnlySpan<float> values) => _hash.AppendData(MemoryMarshal.AsBytes(values));

    public void Add(ReadOnlySpan<BFloat16> values) => _hash.AppendData(MemoryMarshal.AsBytes(values));

    public void Add(ReadOnlySpan<int> values) => _hash.AppendData(MemoryMarshal.AsBytes(values));

    public void Add(ReadOnlySpan<byte> values) => _hash.AppendData(values);

    public void Add(string text) => _hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));

    public void Add(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }

    // Processors differ in the sign of a computed NaN.
    public void Add(double number) => Add(BitConverter.DoubleToInt64Bits(double.IsNaN(number) ? double.NaN : number));

    /// <summary>
    /// Adds all contents of a state. Slots are read as floats, which every format gives exactly, so the pins do not depend
    /// on the layout of a format. The checkpoints of <see cref="VersionTwoTests"/> do.
    /// </summary>
    public void Add(OptimizerState state)
    {
        Add(state.Iteration);
        Add(state.MomentumProduct ?? double.NaN);
        Add(state.Format.ToString());
        OptimizerSnapshot snapshot = state.Save();
        foreach (string name in state.SlotNames)
        {
            int length = snapshot.Slots.TryGetValue(name, out ReadOnlyMemory<float> slot) ? slot.Length : state.Length;
            var values = new float[length];
            state.Read(name, values);
            Add(name);
            Add(values);
        }

        foreach (string name in state.ScalarNames)
        {
            Add(name);
            Add(state.Scalar(name));
        }
    }

    public void Add(StepReport report)
    {
        Add(report.Outcome.ToString());
        Add(report.Update);
        Add(report.LearningRate);
        Add(report.GradientNorm);
        Add(report.ClipFactor);
        Add(report.LossScale);
        Add(report.LargestUpdateRatio);
        Add(report.Updated);
        Add(report.WithoutGradient);
        Add(report.Frozen);
        Add(report.ConsecutiveSkips);
        Add(report.Skips);
    }

    public string Finish() => Convert.ToHexString(_hash.GetHashAndReset())[..16];

    public void Dispose() => _hash.Dispose();
}
