using System.Numerics.Tensors;

namespace Optimizers.Benchmarks;

/// <summary>
/// The roof: memory read and written by as little arithmetic as there is, over as many bytes as the four buffers of
/// AdamW with as many parameters have.
/// </summary>
internal static unsafe class Streams
{
    public const string Subject = "memory";

    private const int FloatsPerParameter = 4;

    private delegate void Stream(Span<float> memory);

    public static Contest Of(int n, IReadOnlyList<int> threadCounts) => new(
    [
        .. threadCounts.SelectMany(threads => (Entrant[])
        [
            EntrantOf("scale in place", n, threads, bytesPerFloat: 8, memory => TensorPrimitives.Multiply(memory, -1f, memory)),
            EntrantOf("copy", n, threads, bytesPerFloat: 4, memory => memory[..(memory.Length / 2)].CopyTo(memory[(memory.Length / 2)..])),
            EntrantOf("sum", n, threads, bytesPerFloat: 4, memory => TensorPrimitives.Sum<float>(memory)),
        ]),
    ]);

    private static Entrant EntrantOf(string contender, int n, int threads, int bytesPerFloat, Stream stream) => new(
        new Cell(Subject, Work.Stream, n, 1, threads, contender),
        FloatsPerParameter * bytesPerFloat,
        arena =>
        {
            int length = FloatsPerParameter * n;
            var memory = (float*)arena.Shared((nuint)length * sizeof(float));
            new Span<float>(memory, length).Fill(1);
            if (threads == 1)
            {
                return new Turn(() => stream(new Span<float>(memory, length)));
            }

            var team = new Team(threads);
            int share = length / threads;
            Action<int> pass = index => stream(new Span<float>(memory + ((long)index * share), share));
            return new Turn(() => team.Run(pass)) { Begin = team.Begin, End = team.End };
        });
}
