namespace Optimizers.Tests;

public sealed class ModelOptimizerTests
{
    [Fact]
    public void ParametersMayBeAddedBetweenSteps()
    {
        float[] start = Draw.Floats(1, 5);
        float[][] gradients = Draw.Gradients(2, 6, 5);
        using var set = new ParameterSet();
        start.CopyTo(set.Add("early", 5).Values);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        for (int step = 0; step < gradients.Length; step++)
        {
            if (step == 2)
            {
                start.CopyTo(set.Add("late", 5).Values);
                optimizer.Invoking(o => o.StateOf("late")).Should().Throw<ArgumentException>().WithMessage("*\"late\"*");
            }

            foreach (Parameter parameter in set)
            {
                gradients[step].CopyTo(parameter.Gradients);
            }

            optimizer.Step().Updated.Should().Be(step < 2 ? 1 : 2);
        }

        Check("early", gradients);
        Check("late", gradients[2..]);
        optimizer.UpdateCount.Should().Be(6);

        void Check(string name, float[][] seen) =>
            new Outcome(set[name].Values.ToArray(), optimizer.StateOf(name).Save())
                .ShouldHaveTheBitsOf(Outcome.Of(new Adam(5), start, seen), name);
    }

    [Fact]
    public void AddedParameterWithoutGroupThrowsBeforeAnythingChanges()
    {
        using var set = new ParameterSet();
        set.Add("a", 1).Gradients.Fill(1);
        var optimizer = new ModelOptimizer(set, [new ParameterGroup(new AdamOptions()) { Where = p => p.Name.Length == 1 }]);
        optimizer.Step();
        float before = set["a"].Values[0];
        set.Add("b", 1);
        set.Add("long", 1);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentException>().WithMessage("*\"long\" matches no group*");
            set["a"].Values[0].Should().Be(before);
            optimizer.StateOf("a").Iteration.Should().Be(1);
            optimizer.Invoking(o => o.StateOf("b")).Should().Throw<ArgumentException>();
            optimizer.UpdateCount.Should().Be(1);
        }
    }

    [Fact]
    public void ReportDescribesTheStep()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [3]), ("b", [4]), ("empty", [0]));
        set["a"].Gradients.Fill(2);
        set["b"].Gradients.Fill(1);
        var optimizer = new ModelOptimizer(
            set,
            [new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "a", Schedule = new Constant(0.25) }, new(new SgdOptions())],
            new() { Schedule = new Constant(9), Clip = new ClipByGlobalNorm { MaximumNorm = 100 } });
        optimizer.Step().Should().Be(Reports.Of(StepOutcome.Applied, rate: 0.25, norm: 4, clipFactor: 1, updated: 3, withoutGradient: 0, frozen: 0));
        optimizer.Step().Update.Should().Be(1);
        optimizer.UpdateCount.Should().Be(2);
    }

    [Fact]
    public void ReportedRateIsThatOfTheFirstGroupThatIsNotFrozen()
    {
        using var set = new ParameterSet();
        set.Add("a", 1);
        ParameterGroup[] groups =
        [
            new(new SgdOptions { LearningRate = 1 }) { Frozen = true, Where = _ => false, MayBeEmpty = true },
            new(new SgdOptions { LearningRate = 2 }),
        ];
        new ModelOptimizer(set, groups).Step().LearningRate.Should().Be(2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TensorsOfDifferentAgesHaveTheBitsOfSeparateOptimizers(int threads)
    {
        const int Count = 60;
        int[] lengths = [.. Draw.Floats(1, Count, 5_000).Select(x => (int)Math.Abs(x))];
        using var set = new ParameterSet();
        set.AddRange([.. lengths.Select((length, i) => ($"p{i}", new[] { length }))]);
        var alone = new (float[] Values, IOptimizer Optimizer)[Count];
        for (int i = 0; i < Count; i++)
        {
            IOptimizerOptions options = OptionsOf($"p{i}");
            alone[i] = (Draw.Floats(i, lengths[i]), new Optimizer([lengths[i]], options, threads: 1, widestLane: 4));
            alone[i].Values.CopyTo(set[i].Values);
        }

        var optimizer = new ModelOptimizer(
            set,
            [
                new(new LambOptions()) { Where = p => p.Name.EndsWith('3') },
                new(new RmsPropOptions()) { Where = p => p.Name.EndsWith('5') },
                new(new AdamWOptions()),
            ],
            new() { Threads = threads });
        for (int step = 0; step < 6; step++)
        {
            for (int i = 0; i < Count; i++)
            {
                set[i].HasGradient = (i + step) % 4 != 0;
                Draw.Floats((1_000 * step) + i, lengths[i]).CopyTo(set[i].Gradients);
                if (set[i].HasGradient)
                {
                    alone[i].Optimizer.Step(alone[i].Values, set[i].Gradients);
                }
            }

            optimizer.Step();
        }

        for (int i = 0; i < Count; i++)
        {
            set[i].Values.ToArray().ShouldHaveTheBitsOf(alone[i].Values, $"tensor {i} of {lengths[i]}");
            optimizer.StateOf($"p{i}").Save().ShouldHaveTheBitsOf(alone[i].Optimizer.State.Save(), $"tensor {i}");
        }

        static IOptimizerOptions OptionsOf(string name) => name[^1] switch
        {
            '3' => new LambOptions(),
            '5' => new RmsPropOptions(),
            _ => new AdamWOptions(),
        };
    }

    [Fact]
    public void StateContinuesInAnotherModel()
    {
        using ParameterSet first = Filled();
        var original = new ModelOptimizer(first, new AdamOptions());
        original.Step();
        original.Step();
        using ParameterSet second = Filled();
        first["p"].Values.CopyTo(second["p"].Values);
        var resumed = new ModelOptimizer(second, new AdamOptions());
        resumed.StateOf("p").Load(original.StateOf("p").Save());
        original.Step();
        resumed.Step();
        second["p"].Values.ToArray().ShouldHaveTheBitsOf(first["p"].Values.ToArray(), "values");

        static ParameterSet Filled()
        {
            var set = new ParameterSet();
            set.Add("p", 5);
            Draw.Floats(1, 5).CopyTo(set["p"].Values);
            Draw.Floats(2, 5).CopyTo(set["p"].Gradients);
            return set;
        }
    }
}
