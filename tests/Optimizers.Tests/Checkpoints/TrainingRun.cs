namespace Optimizers.Tests;

/// <summary>
/// A run with everything that a checkpoint must save: two groups, a schedule, clipping, a group that is frozen
/// and unfrozen, changing factors, a parameter without gradients for some steps, one that never has any, and one that is added
/// late. The run is large enough for several threads.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    /// <summary>The number of steps of the whole run.</summary>
    public const int Steps = 37;

    private const int Late = 6;

    private readonly ParameterGroup _second;

    /// <param name="options">The hyperparameters of both groups.</param>
    /// <param name="start">The step at which the run starts or resumes.</param>
    /// <param name="threads">The number of threads.</param>
    public TrainingRun(IOptimizerOptions options, int start = 0, int threads = 1)
    {
        Set.AddRange(("body.weight", [200, 260]), ("body.bias", [7]), ("empty", [0]), ("scale", []), ("head.weight", [3, 5]), ("unused", [4]));
        if (start > Late)
        {
            Set.Add("late", 11);
        }

        foreach (Parameter parameter in Set)
        {
            Begin(parameter);
        }

        Set["unused"].HasGradient = false;
        _second = new ParameterGroup(options) { Where = p => p.Name.StartsWith("head", StringComparison.Ordinal), Schedule = new Constant(0.01) };
        Optimizer = new ModelOptimizer(
            Set,
            [_second, .. Catalogue.GroupsOf(options)],
            new ModelOptimizerOptions
            {
                Schedule = new WarmupCosine(0.02, 5, Steps),
                Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 },
                Threads = threads,
            });
        Checkpoint = new Checkpoint(Optimizer);
    }

    public ParameterSet Set { get; } = new();

    public ModelOptimizer Optimizer { get; }

    public Checkpoint Checkpoint { get; }

    /// <summary>Takes the steps of a range.</summary>
    public void Run(int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            Change(step);
            foreach (Parameter parameter in Set)
            {
                Draw.Floats((step * 100) + parameter.Name.Length, parameter.Length).CopyTo(parameter.Gradients);
            }

            Optimizer.Step();
            if (step == Late)
            {
                Begin(Set.Add("late", 11));
            }
        }
    }

    /// <summary>All values that have changed since the start, by name.</summary>
    public IReadOnlyDictionary<string, float[]> Everything() => Set
        .SelectMany(parameter => Optimizer.StateOf(parameter.Name).SlotNames
            .Select(slot => ($"{parameter.Name}.{slot}", Optimizer.StateOf(parameter.Name)[slot].ToArray()))
            .Append((parameter.Name, parameter.Values.ToArray()))
            .Append(($"{parameter.Name}.step", [Optimizer.StateOf(parameter.Name).Iteration])))
        .Append(("flags", [Optimizer.UpdateCount, .. Set.Select(parameter => parameter.HasGradient ? 1f : 0)]))
        .Append(("groups", [.. Optimizer.Groups.SelectMany(group =>
            new[] { (float)group.RateFactor, (float)(group.WeightDecay ?? -1), group.Frozen ? 1 : 0 })]))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2);

    public void ShouldBe(IReadOnlyDictionary<string, float[]> expected, string what)
    {
        IReadOnlyDictionary<string, float[]> here = Everything();
        here.Keys.Should().BeEquivalentTo(expected.Keys, what);
        foreach ((string name, float[] values) in here)
        {
            values.ShouldHaveTheBitsOf(expected[name], $"{what}, {name}");
        }
    }

    public void Dispose() => Set.Dispose();

    private static void Begin(Parameter parameter) =>
        Draw.Floats(parameter.Name.Length, parameter.Length).CopyTo(parameter.Values);

    // Each change is made once, so a resumed run does not make it again.
    private void Change(int step)
    {
        switch (step)
        {
            case 2:
                _second.Frozen = true;
                break;
            case 4:
                _second.RateFactor = 0.5;
                Optimizer.Groups[1].WeightDecay = 0.05;
                Set["scale"].HasGradient = false;
                break;
            case 9:
                _second.Frozen = false;
                break;
            case 19:
                Set["scale"].HasGradient = true;
                break;
        }
    }
}
