namespace Optimizers.Tests;

public sealed class LbfgsTests
{
    private static readonly LbfgsOptions _searching = new()
    {
        LineSearch = LineSearch.StrongWolfe,
        HistorySize = 4,
        MaximumIterations = 3,
    };

    [Fact]
    public void MinimizeFindsTheMinimumOfACurvedValley()
    {
        double[] point = [.. Enumerable.Repeat(-1.5, 500)];
        LbfgsReport report = Lbfgs.Minimize(point, Rosenbrock, new() { LineSearch = LineSearch.StrongWolfe, MaximumIterations = 5_000 });
        report.Converged.Should().BeTrue();
        report.Loss.Should().BeLessThan(1e-9);
        report.Evaluations.Should().BeLessThan(5_000);
        point.Should().OnlyContain(x => Math.Abs(x - 1) < 1e-4);
    }

    [Fact]
    public void MinimizeInFloatReachesFloatPrecision()
    {
        float[] point = [.. Enumerable.Repeat(-1.5f, 20)];
        LbfgsReport report = Lbfgs.Minimize(point, (ReadOnlySpan<float> at, Span<float> gradient) => InFloat(at, gradient, Rosenbrock));
        report.Converged.Should().BeTrue();
        point.Should().OnlyContain(x => Math.Abs(x - 1) < 1e-3);
    }

    [Fact]
    public void QuadraticIsSolvedInFewIterations()
    {
        double[] scales = [1, 3, 10, 40];
        double[] point = [1, -2, 3, -4];
        LbfgsReport report = Lbfgs.Minimize(
            point,
            (ReadOnlySpan<double> x, Span<double> gradient) =>
            {
                double loss = 0;
                for (int i = 0; i < x.Length; i++)
                {
                    gradient[i] = scales[i] * (x[i] - i);
                    loss += 0.5 * gradient[i] * (x[i] - i);
                }

                return loss;
            });
        report.Outcome.Should().NotBe(LbfgsOutcome.MaximumIterations);
        report.Iterations.Should().BeLessThan(25);
        point.Select((x, i) => Math.Abs(x - i)).Should().OnlyContain(error => error < 1e-5);
    }

    [Theory]
    [InlineData(LineSearch.None)]
    [InlineData(LineSearch.StrongWolfe)]
    public void ModelIsTreatedAsOneVector(LineSearch search)
    {
        LbfgsOptions options = _searching with { LineSearch = search };
        float[] start = Draw.Floats(1, 13);
        using var set = new ParameterSet();
        set.AddRange(("a", [2, 3]), ("empty", [0]), ("b", [7]));
        start.AsSpan(0, 6).CopyTo(set["a"].Values);
        start.AsSpan(6).CopyTo(set["b"].Values);
        set["a"].KeepBFloat16Copy();
        float[] alone = [.. start];
        var ofSet = new Lbfgs(13, options);
        var ofVector = new Lbfgs(13, options);
        for (int step = 0; step < 5; step++)
        {
            LbfgsReport report = ofSet.Step(set, () =>
            {
                float[] gathered = [.. set["a"].Values, .. set["b"].Values];
                set["a"].Gradients.ToArray().Should().OnlyContain(g => g == 0);
                float[] gradient = new float[13];
                double loss = InFloat(gathered, gradient, Rosenbrock);
                gradient.AsSpan(0, 6).CopyTo(set["a"].Gradients);
                gradient.AsSpan(6).CopyTo(set["b"].Gradients);
                return loss;
            });
            ofVector.Step(alone, FloatRosenbrock).Should().Be(report);
        }

        float[] together = [.. set["a"].Values, .. set["b"].Values];
        together.ShouldHaveTheBitsOf(alone, "parameters");
        set["a"].BFloat16Values.ToArray().Should().Equal(set["a"].Values.ToArray().Select(BFloat16.Round));
    }

    [Fact]
    public void ParameterWithoutGradientDoesNotMove()
    {
        using var set = new ParameterSet();
        Parameter moving = set.Add("moving", 2);
        Parameter resting = set.Add("resting", 2);
        set["resting"].Values.Fill(5);
        resting.HasGradient = false;
        new Lbfgs(4).Step(set, () =>
        {
            moving.Gradients.Fill(1);
            resting.Gradients.Fill(float.NaN);
            return moving.Values[0] + moving.Values[1];
        });
        moving.Values[0].Should().BeLessThan(0);
        resting.Values.ToArray().Should().Equal(5, 5);
    }

    [Theory]
    [InlineData(LineSearch.None, 0)]
    [InlineData(LineSearch.None, 1)]
    [InlineData(LineSearch.None, 4)]
    [InlineData(LineSearch.StrongWolfe, 2)]
    [InlineData(LineSearch.StrongWolfe, 6)]
    public void ResumedRunHasTheSameBits(LineSearch search, int stepsBefore)
    {
        using var folder = new TemporaryFolder();
        string path = folder["lbfgs.safetensors"];
        LbfgsOptions options = _searching with { LineSearch = search, LearningRate = 0.5 };
        float[] whole = Draw.Floats(1, 30);
        var optimizer = new Lbfgs(30, options);
        Run(optimizer, whole, stepsBefore);
        float[] resumedPoint = [.. whole];
        Part(optimizer).Save(path);
        Run(optimizer, whole, 6);

        // This optimizer already has the history of another run.
        var resumed = new Lbfgs(30, options);
        Run(resumed, Draw.Floats(9, 30), 3);
        Part(resumed).Load(path);
        Run(resumed, resumedPoint, 6);
        resumedPoint.ShouldHaveTheBitsOf(whole, "parameters");
        resumed.IterationCount.Should().Be(optimizer.IterationCount);
        resumed.EvaluationCount.Should().Be(optimizer.EvaluationCount);
        resumed.HistoryCount.Should().Be(optimizer.HistoryCount);

        static void Run(Lbfgs optimizer, float[] point, int steps)
        {
            for (int step = 0; step < steps; step++)
            {
                optimizer.Step(point, FloatRosenbrock);
            }
        }

        static Checkpoint Part(Lbfgs optimizer)
        {
            var checkpoint = new Checkpoint();
            checkpoint.Add("lbfgs", optimizer);
            return checkpoint;
        }
    }

    [Fact]
    public void FileWithLongerHistoryThrows()
    {
        using var folder = new TemporaryFolder();
        string path = folder["lbfgs.safetensors"];
        float[] point = Draw.Floats(1, 10);
        var optimizer = new Lbfgs(10, _searching with { MaximumIterations = 20 });
        optimizer.Step(point, FloatRosenbrock);
        optimizer.HistoryCount.Should().Be(4);
        var checkpoint = new Checkpoint();
        checkpoint.Add("lbfgs", optimizer);
        checkpoint.Save(path);

        var shorter = new Checkpoint();
        shorter.Add("lbfgs", new Lbfgs(10, _searching with { HistorySize = 3 }));
        shorter.Invoking(file => file.Load(path)).Should().Throw<CheckpointException>().WithMessage("*old_stps.3*");
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void NonFiniteStartChangesNothing(double bad)
    {
        float[] point = Draw.Floats(1, 10);
        var optimizer = new Lbfgs(10, _searching);
        optimizer.Step(point, FloatRosenbrock);
        float[] before = [.. point];
        int history = optimizer.HistoryCount;
        optimizer.Step(point, (_, gradient) =>
        {
            gradient[9] = (float)bad;
            return 1;
        }).Outcome.Should().Be(LbfgsOutcome.NotFinite);
        optimizer.Step(point, (_, gradient) =>
        {
            gradient.Fill(1);
            return bad;
        }).Should().Match<LbfgsReport>(report => !report.Converged && report.Iterations == 0 && report.Evaluations == 1);
        point.ShouldHaveTheBitsOf(before, "parameters");
        optimizer.HistoryCount.Should().Be(history);
    }

    [Fact]
    public void StepWithoutLineSearchReturnsToTheLastFinitePoint()
    {
        // x − ln x. The first long step leaves the domain of this function.
        float[] point = [0.5f];
        var optimizer = new Lbfgs(1, new LbfgsOptions { LearningRate = 2 });
        var asked = new List<float>();
        LbfgsReport report = optimizer.Step(point, (x, gradient) =>
        {
            asked.Add(x[0]);
            gradient[0] = 1 - (1 / x[0]);
            return x[0] > 1.2f ? double.NaN : x[0] - Math.Log(x[0]);
        });
        report.Outcome.Should().Be(LbfgsOutcome.NotFinite);
        asked[^1].Should().BeGreaterThan(1.2f);
        point[0].Should().Be(asked[^2]);
        report.Loss.Should().Be(point[0] - Math.Log(point[0]));
        optimizer.HistoryCount.Should().Be(0);
        optimizer.IterationCount.Should().Be(0);
    }

    [Fact]
    public void LineSearchReturnsIntoTheDomain()
    {
        double[] point = [50];
        LbfgsReport report = Lbfgs.Minimize(
            point,
            (ReadOnlySpan<double> x, Span<double> gradient) =>
            {
                gradient[0] = 1 - (1 / x[0]);
                return x[0] - Math.Log(x[0]);
            },
            new LbfgsOptions { LineSearch = LineSearch.StrongWolfe, LearningRate = 1_000, MaximumIterations = 100 });
        report.Converged.Should().BeTrue();
        point[0].Should().BeApproximately(1, 1e-4);
    }

    [Fact]
    public void FailedLineSearchIsReported()
    {
        double[] point = [3];
        int calls = 0;
        LbfgsReport report = Lbfgs.Minimize(
            point,
            (ReadOnlySpan<double> x, Span<double> gradient) =>
            {
                gradient[0] = 1;
                return calls++ == 0 ? 0 : double.NaN;
            });
        report.Outcome.Should().Be(LbfgsOutcome.NoBetterPoint);
        point.Should().Equal(3);
    }

    [Fact]
    public void FunctionIsNeverCalledAtANonFinitePoint()
    {
        float[] point = [1e38f];
        var optimizer = new Lbfgs(1, new LbfgsOptions { LearningRate = 3e38 });
        optimizer.Step(point, (x, gradient) =>
        {
            float.IsFinite(x[0]).Should().BeTrue();
            gradient[0] = -1e10f;
            return -x[0];
        }).Outcome.Should().Be(LbfgsOutcome.NotFinite);
        point.Should().Equal(1e38f);
    }

    [Fact]
    public void ExceptionRestoresTheParametersOfTheIterationStart()
    {
        float[] point = Draw.Floats(1, 10);
        float[] fresh = [.. point];
        var optimizer = new Lbfgs(10, _searching);
        int calls = 0;
        optimizer.Invoking(o => o.Step(point, (at, gradient) => calls++ == 1 ? throw new TimeoutException() : FloatRosenbrock(at, gradient)))
            .Should().Throw<TimeoutException>();
        point.ShouldHaveTheBitsOf(fresh, "parameters");

        optimizer.Step(point, FloatRosenbrock);
        new Lbfgs(10, _searching).Step(fresh, FloatRosenbrock);
        point.ShouldHaveTheBitsOf(fresh, "the optimizer starts again after the exception");
    }

    [Fact]
    public void NestedStepThrows()
    {
        float[] point = [1, 2];
        var optimizer = new Lbfgs(2);
        optimizer.Invoking(o => o.Step(point, (_, _) => o.Step(new float[2], FloatRosenbrock).Loss))
            .Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void InvalidArgumentThrowsAndIsNamed()
    {
        (LbfgsOptions Options, string Name)[] refused =
        [
            (new() { LearningRate = 0 }, "LearningRate"),
            (new() { LearningRate = double.NaN }, "LearningRate"),
            (new() { MaximumIterations = 0 }, "MaximumIterations"),
            (new() { MaximumEvaluations = 0 }, "MaximumEvaluations"),
            (new() { GradientTolerance = -1 }, "GradientTolerance"),
            (new() { ChangeTolerance = double.NaN }, "ChangeTolerance"),
            (new() { HistorySize = 0 }, "HistorySize"),
            (new() { LineSearch = (LineSearch)7 }, "LineSearch"),
        ];
        foreach ((LbfgsOptions options, string name) in refused)
        {
            FluentActions.Invoking(() => new Lbfgs(1, options)).Should().Throw<ArgumentException>().WithParameterName(name);
        }

        FluentActions.Invoking(() => new Lbfgs(-1)).Should().Throw<ArgumentException>().WithParameterName("length");
        FluentActions.Invoking(() => new Lbfgs(3).Step(new float[2], FloatRosenbrock))
            .Should().Throw<ArgumentException>().WithParameterName("parameters");
        using var set = new ParameterSet();
        set.Add("p", 2);
        FluentActions.Invoking(() => new Lbfgs(3).Step(set, () => 0)).Should().Throw<ArgumentException>().WithParameterName("parameters");
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        float[] point = Draw.Floats(1, 200);
        var optimizer = new Lbfgs(200, _searching with { GradientTolerance = 0, ChangeTolerance = 0 });
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 200);
        point.CopyTo(parameter.Values);
        var ofSet = new Lbfgs(200, _searching with { GradientTolerance = 0, ChangeTolerance = 0 });
        Objective<float> bowl = Bowl;
        Func<double> computeLoss = () => Bowl(parameter.Values, parameter.Gradients);
        Allocations.Of(() => optimizer.Step(point, bowl)).Should().Be(0);
        Allocations.Of(() => ofSet.Step(set, computeLoss)).Should().Be(0);

        static double Bowl(ReadOnlySpan<float> x, Span<float> gradient)
        {
            double loss = 0;
            for (int i = 0; i < x.Length; i++)
            {
                gradient[i] = (i + 1) * (x[i] - 1);
                loss += 0.5 * gradient[i] * (x[i] - 1);
            }

            return loss;
        }
    }

    internal static double FloatRosenbrock(ReadOnlySpan<float> point, Span<float> gradient) =>
        InFloat(point, gradient, Rosenbrock);

    private static double InFloat(ReadOnlySpan<float> point, Span<float> gradient, Objective<double> function)
    {
        double[] x = new double[point.Length];
        double[] g = new double[point.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = point[i];
        }

        double loss = function(x, g);
        for (int i = 0; i < x.Length; i++)
        {
            gradient[i] = (float)g[i];
        }

        return loss;
    }

    internal static double Rosenbrock(ReadOnlySpan<double> x, Span<double> gradient)
    {
        double loss = 0;
        for (int i = 0; i + 1 < x.Length; i++)
        {
            double valley = x[i + 1] - (x[i] * x[i]);
            loss += (100 * valley * valley) + ((1 - x[i]) * (1 - x[i]));
            gradient[i] -= (400 * x[i] * valley) + (2 * (1 - x[i]));
            gradient[i + 1] += 200 * valley;
        }

        return loss;
    }
}
