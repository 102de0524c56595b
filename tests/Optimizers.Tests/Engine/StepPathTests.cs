using System.Reflection;

namespace Optimizers.Tests;

/// <summary>
/// The path from a public step to the formula has few calls and few types, and a rule is compiled into few loops: docs/engine.md.
/// </summary>
public sealed class StepPathTests
{
    private const int MostCalls = 12;
    private const int MostTypes = 15;
    private const int MostLoops = 50;

    /// <summary>
    /// The types are the declaring types of the methods on the path, and all type arguments of the loop that has the most.
    /// </summary>
    [Theory]
    [InlineData("1", "Optimizers.Optimizer: Step")]
    [InlineData("2", "Optimizers.ModelOptimizer: Step")]
    public async Task StepReachesItsRuleInFewCalls(string level, string entry)
    {
        (int exitCode, string output, string errors) = await ChildProcess.RunWith(StepPath.RuntimeSwitch, "1", StepPath.Argument, level);
        errors.Should().BeEmpty();
        exitCode.Should().Be(0);
        string[] path = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        path[0].Should().Be(entry);
        path[^1].Should().EndWith("TracedRule: Apply");

        // If one of these two frames is missing, the runtime has left out frames, and the count is meaningless.
        path.Should().Contain("Optimizers.Engine.Kernel: Run").And.Contain("Optimizers.Engine.Kernel: Update");
        (path.Length - 1).Should().BeLessThanOrEqualTo(MostCalls, "the path is\n{0}\n", string.Join('\n', path));
        IEnumerable<string> arguments = Widths
            .SelectMany(width => StepLoops.Of(width, StepPath.StepType)).Select(StepLoops.ArgumentsOf)
            .MaxBy(types => types.Count())!.Select(type => type.FullName!);
        string[] types = [.. path.Select(call => call[..call.IndexOf(':', StringComparison.Ordinal)]).Union(arguments)];
        types.Length.Should().BeLessThanOrEqualTo(
            MostTypes, "the path is\n{0}\nand the types are\n{1}\n", string.Join('\n', path), string.Join('\n', types));
    }

    /// <summary>Checks every optimizer of the catalogue, so every kind of step is included.</summary>
    [Fact]
    public void RuleIsCompiledIntoFewLoops()
    {
        var kinds = new HashSet<Type>();
        foreach (IOptimizerOptions options in Catalogue.Optimizers.SelectMany(row => row.Variants).Select(variant => variant.Options))
        {
            GroupStep step = GroupStep.Of(options);
            kinds.Add(step.GetType().GetGenericTypeDefinition());
            foreach (int width in Widths)
            {
                IReadOnlyList<MethodBase> loops = StepLoops.Of(width, [step.GetType(), .. step.Matrices is { } matrices ? [matrices.GetType()] : Type.EmptyTypes]);
                loops.Count.Should().BeInRange(2, MostLoops, "{0} with {1} bits has the loops\n{2}\n", step.GetType(), width, string.Join('\n', loops));
                loops.Select(loop => loop.GetGenericArguments()[0]).Distinct().Should().HaveCount(2, "a native program has lanes of two widths");
                loops.SelectMany(StepLoops.ArgumentsOf).Should().Contain([typeof(Float32), typeof(BFloat16Storage)]);
            }
        }

        kinds.Should().BeEquivalentTo(
            [typeof(ElementwiseStep<>), typeof(LightStep<>), typeof(MeasuringStep<>), typeof(CautiousStep<>)]);
    }

    private static int[] Widths => [256, 512];
}
