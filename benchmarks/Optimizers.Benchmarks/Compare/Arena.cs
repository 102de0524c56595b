using System.Runtime.InteropServices;
using Optimizers.Engine;
using Optimizers.Training;

namespace Optimizers.Benchmarks;

/// <summary>
/// The memory in which the contenders of one contest meet. All work on the same parameters and gradients, and rivals on
/// the very state of the library's contender with as many threads, so that nobody is better off by where their memory
/// lies; only work that changes gradients has its own.
/// </summary>
internal sealed unsafe class Arena : IDisposable
{
    private readonly Dictionary<(Shape, string), ParameterSet> _sets = [];
    private readonly Dictionary<(OptimizerRow, Shape, string, int, StateFormat), Optimizer> _level1 = [];
    private readonly Dictionary<(OptimizerRow, Shape, string, int), ModelOptimizer> _level2 = [];
    private readonly List<nint> _memory = [];
    private float[] _scratch = [];
    private void* _shared;

    public ParameterSet Set(Shape shape, string work) => Once(_sets, (shape, work), shape.Fill);

    public Optimizer Level1(
        OptimizerRow row, Shape shape, string work, int threads, StateFormat format = StateFormat.Float32) => Once(
        _level1,
        (row, shape, work, threads, format),
        () => new Optimizer((int)shape.Elements, row.Options, threads, format));

    public ModelOptimizer Level2(OptimizerRow row, Shape shape, string work, int threads) => Once(
        _level2,
        (row, shape, work, threads),
        () => new ModelOptimizer(Set(shape, work), row.Options, new ModelOptimizerOptions
        {
            Threads = threads,
            Clip = work == Work.Phase ? new ClipByGlobalNorm() : null,
            ZeroGradients = work == Work.Phase,

            // The step alone: nothing else reads the gradients, in C neither. With the clip the check is free.
            NonFinite = work == Work.Phase ? NonFinitePolicy.Throw : NonFinitePolicy.Propagate,
        }));

    public Span<float> Scratch(int length)
    {
        if (_scratch.Length < length)
        {
            _scratch = GC.AllocateArray<float>(length, pinned: true);
        }

        return _scratch.AsSpan(0, length);
    }

    /// <summary>The memory of the library's contender, as rivals take it.</summary>
    public NativeTensor[] Tensors(OptimizerRow row, Shape shape, string work, int threads)
    {
        ParameterSet set = Set(shape, work);
        NativeTensor[] tensors = GC.AllocateArray<NativeTensor>(set.Count, pinned: true);
        for (int i = 0; i < tensors.Length; i++)
        {
            SlotAddresses slots = set.Count == 1
                ? Level1(row, shape, work, threads).State.Addresses
                : Level2(row, shape, work, threads).StateOf(set[i].Name).Addresses;
            nuint sums = 2 * (((nuint)set[i].Length / Reductions.Block) + 1);
            tensors[i] = new NativeTensor
            {
                Parameters = set[i].ValuesAddress,
                Gradients = set[i].GradientsAddress,
                First = (float*)slots.Slot0.Elements,
                Second = (float*)slots.Slot1.Elements,
                Length = (nuint)set[i].Length,
                Sums = (double*)Allocate(sums * sizeof(double)),
            };
        }

        return tensors;
    }

    /// <summary>One piece of memory for all who ask; they ask for the same size.</summary>
    public void* Shared(nuint bytes) => _shared = _shared == null ? Allocate(bytes) : _shared;

    public void Dispose()
    {
        foreach (ParameterSet set in _sets.Values)
        {
            set.Dispose();
        }

        _memory.ForEach(memory => NativeMemory.AlignedFree((void*)memory));
        _level1.Clear();
        _level2.Clear();
        _scratch = [];
    }

    // On a cache line, zeroed.
    private void* Allocate(nuint bytes)
    {
        void* memory = NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(memory, bytes);
        _memory.Add((nint)memory);
        return memory;
    }

    private static TValue Once<TKey, TValue>(Dictionary<TKey, TValue> made, TKey key, Func<TValue> make)
        where TKey : notnull
    {
        if (!made.TryGetValue(key, out TValue? value))
        {
            made.Add(key, value = make());
        }

        return value;
    }
}
