using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// A type of the library that has a name in configurations and checkpoints. A value refers to its own contract only, so that a
/// native program with checkpoints includes only the optimizers that it uses.
/// </summary>
internal interface INamed
{
    /// <summary>The name with the contract, the same for all values of the type.</summary>
    NamedType Named { get; }
}

/// <summary>A type with a name in configurations and checkpoints.</summary>
/// <param name="name">The name.</param>
/// <param name="contracts">The source-generated context with the contract of the type.</param>
internal abstract class NamedType(string name, IJsonTypeInfoResolver contracts)
{
    public string Name => name;

    public IJsonTypeInfoResolver Contracts => contracts;

    /// <summary>Whether a user has registered the type.</summary>
    public bool IsOwn { get; init; }

    public abstract Type Type { get; }

    /// <summary>A value with the defaults of the init properties; null if the defaults are those of a constructor.</summary>
    public abstract object? Defaults { get; }

    /// <summary>Creates the optimizer of one buffer; null if the type does not hold the options of an optimizer of the
    /// library.</summary>
    public virtual IOptimizer? Make(IReadOnlyList<int> shape, object options, int threads) => null;
}

/// <inheritdoc/>
internal class NamedType<T>(string name, IJsonTypeInfoResolver contracts, T? defaults = null) : NamedType(name, contracts)
    where T : class
{
    /// <summary>Creates an entry whose name is the name of the type.</summary>
    public NamedType(IJsonTypeInfoResolver contracts, T? defaults = null)
        : this(typeof(T).Name, contracts, defaults)
    {
    }

    public sealed override Type Type => typeof(T);

    public sealed override object? Defaults => defaults;
}

/// <summary>The options of an optimizer of the library, with the function that creates the optimizer.</summary>
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
