using Optimizers;

namespace PlanMemory;

/// <summary>What the command line asks for.</summary>
internal sealed record PlanRequest
{
    public required ModelSource Source { get; init; }

    public required IOptimizerOptions Optimizer { get; init; }

    /// <summary>The optimizer of parameters that do not have two dimensions; null for <see cref="Optimizer"/>.</summary>
    public IOptimizerOptions? Vectors { get; init; }

    public ParameterFormat Format { get; init; } = new();

    public StateFormat StateFormat { get; init; }

    public int Shards { get; init; } = 1;

    public ShardingStage Stage { get; init; } = ShardingStage.State;

    /// <exception cref="ArgumentException">An optimizer cannot update a shape, or the options contradict each other.</exception>
    public MemoryPlan Plan()
    {
        if (Source.Shapes is not { } shapes)
        {
            return Vectors is null
                ? MemoryPlan.Of(Source.Count, new MemoryPlanOptions { Optimizer = Optimizer, StateFormat = StateFormat, Format = Format, Shards = Shards, Stage = Stage })
                : throw new ArgumentException("--vectors needs the shapes of the parameters. Give --model or --shapes instead of --parameters.");
        }

        ParameterGroup matrices = new(Optimizer) { StateFormat = StateFormat, Where = Vectors is null ? null : parameter => parameter.Shape.Count == 2, MayBeEmpty = true };
        return MemoryPlan.Of(shapes, new MemoryPlanOptions
        {
            Groups = Vectors is null ? [matrices] : [matrices, new ParameterGroup(Vectors) { StateFormat = StateFormat }],
            Format = Format,
            Shards = Shards,
            Stage = Stage,
        });
    }
}
