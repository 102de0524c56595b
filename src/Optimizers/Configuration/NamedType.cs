using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// A type of the library that has a name in configurations and checkpoints. A value of it leads to its own contract and to no other,
/// so that a checkpoint in a native program brings in only the optimizers that the program has.
/// </summary>
internal interface INamed
{
    /// <summary>The name with the contract. It is the same for all values of the type.</summary>
    NamedType Named { get; }
}

/// <summary>One type that has a name in configurations and checkpoints.</summary>
/// <param name="name">The name.</param>
/// <param name="contracts">The source-generated context that has the contract of the type.</param>
internal abstract class NamedType(string name, IJsonTypeInfoResolver contracts)
{
    public string Name => name;

    public IJsonTypeInfoResolver Contracts => contracts;

    /// <summary>Whether a user has registered it.</summary>
    public bool IsOwn { get; init; }

    public abstract Type Type { get; }

    /// <summary>A value that has the defaults of init properties; null if the defaults are those of a constructor.</summary>
    public abstract object? Defaults { get; }

    /// <summary>Makes the optimizer of one buffer; null if the type is not that of the options of one of the library's.</summary>
    public virtual IOptimizer? Make(IReadOnlyList<int> shape, object options, int threads) => null;
}

/// <inheritdoc/>
internal class NamedType<T>(string name, IJsonTypeInfoResolver contracts, T? defaults = null) : NamedType(name, contracts)
    where T : class
{
    /// <summary>A type whose name is its own.</summary>
    public NamedType(IJsonTypeInfoResolver contracts, T? defaults = null)
        : this(typeof(T).Name, contracts, defaults)
    {
    }

    public sealed override Type Type => typeof(T);

    public sealed override object? Defaults => defaults;
}

/// <summary>The options of an optimizer, with what makes the optimizer of that name.</summary>
internal sealed class NamedOptimizer<TOptions> : NamedType<TOptions>
    where TOptions : class, IOptimizerOptions, new()
{
    private readonly Func<IReadOnlyList<int>, TOptions, int, IOptimizer> _make;

    public NamedOptimizer(string name, IJsonTypeInfoResolver contracts, Func<int, TOptions, int, IOptimizer> make)
        : this(name, contracts, (IReadOnlyList<int> shape, TOptions options, int threads) => make(Optimizer.LengthOf(shape), options, threads))
    {
    }

    public NamedOptimizer(string name, IJsonTypeInfoResolver contracts, Func<IReadOnlyList<int>, TOptions, int, IOptimizer> make)
        : base(name, contracts, new TOptions()) => _make = make;

    public override IOptimizer Make(IReadOnlyList<int> shape, object options, int threads) => _make(shape, (TOptions)options, threads);
}
