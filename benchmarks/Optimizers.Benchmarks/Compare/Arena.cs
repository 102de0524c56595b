using System.Runtime.InteropServices;
using Optimizers.Engine;
using Optimizers.Training;

namespace Optimizers.Benchmarks;

/// <summary>
/// The memory that the contenders of one contest share. All contenders use the same parameters and gradients. The rivals of the library use
/// the state of the library's contender with the same number of threads. So the addresses of the memory give no contender an
/// advantage. Only work that changes gradients has its own memory.
/// </summary>
internal sealed unsafe class Arena : IDisposable
{
    private readonly Dictionary<(Shape, string), ParameterSet> _sets = [];
    private readonly Dictionary<(OptimizerRow, Shape, string, int, StateFormat), Optimizer> _level1 = [];
    private readonly Dictionary<(OptimizerRow, Shape, string, int), ModelOptimizer> _level2 = [];
    private readonly Dictionary<(Type, Shape), IDisposable> _made = [];
    private readonly List<IDisposable> _owned = [];
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

            // Without a clip, a check for finite gradients would read the gradients once more, and the C contender does not check. With a clip the check costs nothing.
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

    /// <summary>The memory of the library's contender, in the form that the rivals need.</summary>
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

    /// <summary>Returns the same memory to all callers. All callers must ask for the same size.</summary>
    public void* Shared(nuint bytes) => _shared = _shared == null ? Allocate(bytes) : _shared;

    /// <summary>Returns the same object to all callers with the same shape, and disposes of it at the end.</summary>
    public T Owned<T>(Shape shape, Func<T> make)
        where T : IDisposable => (T)Once(_made, (typeof(T), shape), () => Own(make()));

    /// <summary>Disposes of an object at the end, in the reverse order.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public void Dispose()
    {
        foreach (IDisposable owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }

        foreach (ParameterSet set in _sets.Values)
        {
            set.Dispose();
        }

        _memory.ForEach(memory => NativeMemory.AlignedFree((void*)memory));
        _level1.Clear();
        _level2.Clear();
        _scratch = [];
    }

    // Aligned to a cache line and zeroed.
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
