namespace Optimizers.Configuration;

/// <summary>
/// One type that has a name in configurations and checkpoints. A table is a class with one property for each row, and the name of the
/// property is the name of the row. The source generator of System.Text.Json follows the properties to the types, so that a row is
/// all that a new optimizer, schedule or clip needs.
/// </summary>
internal abstract class Row
{
    internal abstract Type Type { get; }

    /// <summary>A value that has the defaults of init properties; null if the defaults are those of a constructor.</summary>
    internal abstract object? DefaultValues { get; }

    /// <summary>Makes the optimizer of one buffer; null if the row is none of an optimizer.</summary>
    internal virtual IOptimizer? Make(IReadOnlyList<int> shape, object options, int threads) => null;
}

/// <inheritdoc/>
internal class Row<T> : Row
    where T : class
{
    internal Row(T? defaults = null) => Defaults = defaults;

    /// <summary>The defaults. The property is public for the source generator, which follows it to the type.</summary>
    public T? Defaults { get; }

    internal sealed override Type Type => typeof(T);

    internal sealed override object? DefaultValues => Defaults;
}

/// <summary>The options of an optimizer, with what makes the optimizer of that name.</summary>
internal sealed class OptimizerRow<TOptions> : Row<TOptions>
    where TOptions : class, IOptimizerOptions, new()
{
    private readonly Func<IReadOnlyList<int>, TOptions, int, IOptimizer> _make;

    internal OptimizerRow(Func<int, TOptions, int, IOptimizer> make)
        : this((IReadOnlyList<int> shape, TOptions options, int threads) => make(Optimizer.LengthOf(shape), options, threads))
    {
    }

    internal OptimizerRow(Func<IReadOnlyList<int>, TOptions, int, IOptimizer> make)
        : base(new TOptions()) => _make = make;

    internal override IOptimizer Make(IReadOnlyList<int> shape, object options, int threads) => _make(shape, (TOptions)options, threads);
}
