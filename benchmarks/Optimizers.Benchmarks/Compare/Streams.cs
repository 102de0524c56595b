using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Optimizers.Benchmarks;

/// <summary>
/// The memory bandwidth of the machine. The contenders read and write four buffers at the same time, as AdamW does, with as little
/// arithmetic as possible.
/// </summary>
internal static unsafe class Streams
{
    public const string Subject = "memory";

    private const int Buffers = 4;

    private delegate void Stream(in Lines lines, nuint start, nuint end);

    public static Contest Of(int n, IReadOnlyList<int> threadCounts) => new(
    [
        .. threadCounts.SelectMany(threads => (Entrant[])
        [
            EntrantOf("scale in place", n, threads, bytesPerParameter: 32, Scale),
            EntrantOf("copy", n, threads, bytesPerParameter: 16, Copy),
            EntrantOf("sum", n, threads, bytesPerParameter: 16, Sum),
        ]),
    ]);

    private static Entrant EntrantOf(string contender, int n, int threads, int bytesPerParameter, Stream stream) => new(
        new Cell(Subject, Work.Stream, n, 1, threads, contender),
        bytesPerParameter,
        arena =>
        {
            // Whole vectors, and a different offset within a page for each buffer.
            nuint length = (nuint)n / 16 * 16;
            nuint stride = length + 592;
            var memory = (float*)arena.Shared(Buffers * stride * sizeof(float));
            var lines = new Lines(memory, memory + stride, memory + (2 * stride), memory + (3 * stride));
            if (threads == 1)
            {
                return new Turn(() => stream(lines, 0, length));
            }

            var team = new Team(threads);
            nuint CutAt(int share) => length / (nuint)threads * (nuint)share / 16 * 16;
            Action<int> pass = share => stream(lines, CutAt(share), share + 1 == threads ? length : CutAt(share + 1));
            return new Turn(() => team.Run(pass)) { Begin = team.Begin, End = team.End };
        });

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(in Lines lines, nuint start, nuint end)
    {
        float* a = lines.A;
        float* b = lines.B;
        float* c = lines.C;
        float* d = lines.D;
        for (nuint i = start; i < end; i += 16)
        {
            (-Vector512.Load(a + i)).Store(a + i);
            (-Vector512.Load(b + i)).Store(b + i);
            (-Vector512.Load(c + i)).Store(c + i);
            (-Vector512.Load(d + i)).Store(d + i);
        }
    }

    // Uses the copy of the runtime, which bypasses the caches for large buffers.
    private static void Copy(in Lines lines, nuint start, nuint end)
    {
        int length = (int)(end - start);
        new Span<float>(lines.A + start, length).CopyTo(new Span<float>(lines.C + start, length));
        new Span<float>(lines.B + start, length).CopyTo(new Span<float>(lines.D + start, length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(in Lines lines, nuint start, nuint end)
    {
        float* a = lines.A;
        float* b = lines.B;
        float* c = lines.C;
        float* d = lines.D;
        Vector512<float> first = default;
        Vector512<float> second = default;
        Vector512<float> third = default;
        Vector512<float> fourth = default;
        for (nuint i = start; i < end; i += 16)
        {
            first += Vector512.Load(a + i);
            second += Vector512.Load(b + i);
            third += Vector512.Load(c + i);
            fourth += Vector512.Load(d + i);
        }

        // Use the sum, so that the compiler does not remove the loop.
        if (float.IsNaN(Vector512.Sum(first + second + (third + fourth))))
        {
            throw new InvalidOperationException("The sum of the buffers is NaN, so other code has written to them.");
        }
    }

    private readonly struct Lines(float* a, float* b, float* c, float* d)
    {
        public readonly float* A = a;
        public readonly float* B = b;
        public readonly float* C = c;
        public readonly float* D = d;
    }
}
