namespace Optimizers;

/// <summary>The optimizer, the number formats and the ranks of a <see cref="MemoryPlan"/>.</summary>
public sealed record MemoryPlanOptions
{
    /// <summary>The optimizer of all parameters. Set it, or <see cref="Groups"/>.</summary>
    public IOptimizerOptions? Optimizer { get; init; }

    /// <summary>
    /// The groups, as a <see cref="ModelOptimizer"/> takes them: a parameter belongs to the first group that matches it. The groups
    /// may belong to a model. Set them, or <see cref="Optimizer"/>.
    /// </summary>
    public IReadOnlyList<ParameterGroup>? Groups { get; init; }

    /// <summary>The format of the state of <see cref="Optimizer"/>. Default float32. Groups have their own
    /// <see cref="ParameterGroup.StateFormat"/>.</summary>
    public StateFormat StateFormat { get; init; }

    /// <summary>The formats of values and gradients, and the copy or the rounding that belongs to 16-bit values. Default null:
    /// float32; for a set, the formats of its parameters.</summary>
    public ParameterFormat? Format { get; init; }

    /// <summary>The number of ranks (processes) that train one model together. From 1 to 65,536; default 1.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>The buffers that the ranks divide among themselves. Default <see cref="ShardingStage.State"/>.</summary>
    public ShardingStage Stage { get; init; } = ShardingStage.State;

    internal void Validate()
    {
        if (Optimizer is null == Groups is null)
        {
            throw new ArgumentException(
                $"{nameof(Optimizer)} and {nameof(Groups)} are {(Optimizer is null ? "both null" : "both set")}. Set one of them.", nameof(Optimizer));
        }

        Require.Defined(StateFormat);
        if (Groups is not null && StateFormat != StateFormat.Float32)
        {
            throw new ArgumentException(
                $"{nameof(StateFormat)} is {StateFormat}, but {nameof(Groups)} is set. Set the {nameof(ParameterGroup.StateFormat)} of each group instead.",
                nameof(StateFormat));
        }

        if (Format is not null)
        {
            Require.Defined(Format.Values, $"{nameof(Format)}.{nameof(Format.Values)}");
            Require.Defined(Format.Gradients, $"{nameof(Format)}.{nameof(Format.Gradients)}");
            Require.Defined(Format.UpdatePrecision, $"{nameof(Format)}.{nameof(Format.UpdatePrecision)}");
        }

        Require.AtLeast(Shards, 1);
        Require.AtMost((long)Shards, MemoryPlan.MostShards, nameof(Shards));
        Require.Defined(Stage);
    }
}
