using System.Runtime.CompilerServices;

namespace Optimizers.Tests;

/// <summary>The cost of a step depends on its rows only. The test counts the elements that the rule updates.</summary>
public sealed class RowWorkTests
{
    private const int TableRows = 1_000_000;
    private const int Width = 64;
    private const int Touched = 1_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void StepUpdatesOnlyTheTouchedRows(int threads)
    {
        // The operating system does not allocate memory that is never touched, so the large table costs nothing here.
        using var set = new ParameterSet();
        Parameter table = set.AddTable("table", TableRows, Width);
        var optimizer = new ModelOptimizer(
            set, new CountingOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm(), Threads = threads, ZeroGradients = true });
        for (int step = 0; step < 3; step++)
        {
            GoldenRows rows = RowDraw.Repeated(step, TableRows, Touched, Width);
            table.SetRowGradients(rows.Rows, rows.Values);
            int distinct = rows.Rows.Distinct().Count();
            table.RowGradients.Length.Should().Be(distinct * Width);
            CountingRule.Elements = 0;
            optimizer.Step();
            CountingRule.Elements.Should().Be(distinct * Width);
        }
    }

    private sealed record CountingOptions : IOptimizerOptions
    {
        public double LearningRate => 0.1;

        bool IOptimizerOptions.TakesRows => true;

        OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(step => new CountingRule((float)step.LearningRate));
    }

    private readonly struct CountingRule(float rate) : IUpdateRule0<CountingRule>
    {
        private static long _elements;

        public static long Elements
        {
            get => Interlocked.Read(ref _elements);
            set => Interlocked.Exchange(ref _elements, value);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<V>(V g, ref V p)
            where V : struct, ILane<V>
        {
            p -= rate * g;
            Interlocked.Add(ref _elements, V.Count);
        }
    }
}
