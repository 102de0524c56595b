namespace Optimizers.Tests;

/// <summary>Checkpoints throw while the parameters hold temporary values.</summary>
public sealed class TemporaryValuesTests
{
    // Each replaces the values, makes the call, and restores the model's own values.
    private static readonly Dictionary<string, Action<WrappedModel, Action>> _guests = new()
    {
        ["an average"] = (model, call) =>
        {
            var average = new ExponentialMovingAverage(model.Parameters);
            average.Update();
            using (average.SwapIn())
            {
                call();
            }
        },
        ["a uniform average"] = (model, call) =>
        {
            var average = new WeightAverage(model.Parameters);
            average.Update();
            using (average.SwapIn())
            {
                call();
            }
        },
        ["slow weights"] = (model, call) =>
        {
            using (new Lookahead(model.Optimizer).SwapIn())
            {
                call();
            }
        },
        ["an ascent"] = (model, call) =>
        {
            var sam = new Sam(model.Optimizer);
            sam.Ascend();
            call();
            sam.Withdraw();
        },
        ["the second gradient of an ascent"] = (model, call) =>
        {
            int calls = 0;
            new Sam(model.Optimizer).Step(() =>
            {
                model.DrawGradients(5);
                if (++calls == 2)
                {
                    call();
                }
            });
        },
        ["a trial point of L-BFGS"] = (model, call) =>
        {
            int calls = 0;
            new Lbfgs((int)model.Parameters.ElementCount).Step(model.Parameters, () =>
            {
                model.DrawGradients(5);
                if (++calls == 2)
                {
                    call();
                }

                return 1.0 / calls;
            });
            calls.Should().BeGreaterThan(1);
        },
        ["a range test"] = (model, call) =>
        {
            int calls = 0;
            RateFinder.Find(
                model.Optimizer,
                rate =>
                {
                    model.DrawGradients(5);
                    model.Optimizer.Step();
                    if (++calls == 3)
                    {
                        call();
                    }

                    return 1;
                },
                new RateFinderOptions { Points = 20 });
            calls.Should().BeGreaterThan(2);
        },
        ["a sweep"] = (model, call) =>
        {
            int calls = 0;
            RateSweep.Try(
                model.Optimizer,
                (rate, index) =>
                {
                    model.DrawGradients(index);
                    model.Optimizer.Step();

                    // In the second run, after the first has been undone.
                    if (++calls == 5)
                    {
                        call();
                    }

                    return 1;
                },
                new RateSweepOptions { Rates = [1e-4, 1e-3], Steps = 4 });
            calls.Should().BeGreaterThan(4);
        },
    };

    public static TheoryData<string, bool> Guests()
    {
        var data = new TheoryData<string, bool>();
        foreach (string guest in _guests.Keys)
        {
            data.Add(guest, true);
            data.Add(guest, false);
        }

        return data;
    }

    [Theory]
    [InlineData("an average")]
    [InlineData("slow weights")]
    [InlineData("an ascent")]
    public void EvaluateAndTrainThrowDuringTemporaryValues(string guest)
    {
        using var model = new WrappedModel(new ScheduleFreeSgdOptions { LearningRate = 0.1 });
        model.DrawGradients(1);
        model.Optimizer.Step();
        model.DrawGradients(2);
        model.Optimizer.Step();
        _guests[guest](model, () =>
        {
            float[] values = model.All;
            model.Optimizer.Invoking(optimizer => optimizer.Evaluate()).Should().Throw<InvalidOperationException>();
            model.Optimizer.Invoking(optimizer => optimizer.Train()).Should().Throw<InvalidOperationException>();
            model.All.ShouldHaveTheBitsOf(values, guest);
        });
        model.Optimizer.Evaluate();
        model.Optimizer.Train();
    }

    /// <summary>A file shows one moment, and a load is complete: calls that would change the values in between throw.</summary>
    [Fact]
    public async Task ChangesThrowDuringASaveOrLoad()
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel();
        var average = new WeightAverage(model.Parameters);
        average.Update();
        model.DrawGradients(1);
        var checkpoint = new Checkpoint(model.Optimizer);
        foreach (Action refused in new Action[]
        {
            () => model.Optimizer.Step(), () => average.SwapIn(), average.Update, () => new Sam(model.Optimizer).Ascend(),
            () => new Checkpoint(model.Optimizer).Save(folder["other"]), () => new Checkpoint(model.Optimizer).Load(folder["run"]),
        })
        {
            int calls = 0;
            void Refused()
            {
                calls++;
                refused.Should().Throw<InvalidOperationException>().WithMessage("*checkpoint*");
            }

            await checkpoint.SaveAsync(folder["run"], new Progress(Refused));
            float[] saved = model.All;
            model.Parameters["matrix"].Values.Fill(7);
            await checkpoint.LoadAsync(folder["run"], progress: new Progress(Refused));
            model.All.ShouldHaveTheBitsOf(saved, "loaded");
            calls.Should().Be(2);
        }

        model.Optimizer.Step();
    }

    [Theory]
    [MemberData(nameof(Guests))]
    public void SaveAndLoadThrowDuringTemporaryValues(string guest, bool includesParameters)
    {
        using var folder = new TemporaryFolder();
        using var model = new WrappedModel(scale: 3);
        model.DrawGradients(1);
        model.Optimizer.Step();
        var checkpoint = new Checkpoint(model.Optimizer) { IncludeParameters = includesParameters };
        var keeper = new CheckpointFolder(folder["runs"], checkpoint);
        checkpoint.Save(folder["run"]);
        byte[] before = File.ReadAllBytes(folder["run"]);
        model.DrawGradients(2);
        model.Optimizer.Step();
        bool called = false;
        _guests[guest](model, () =>
        {
            float[] values = model.All;
            long updates = model.Optimizer.UpdateCount;
            foreach (Action refused in new Action[]
            {
                () => checkpoint.Save(folder["run"]),
                () => checkpoint.Save(folder["other"]),
                () => checkpoint.SaveAsync(folder["run"]).GetAwaiter().GetResult(),
                () => keeper.Save(1),
                () => checkpoint.Load(folder["run"]),
                () => checkpoint.LoadAsync(folder["run"]).GetAwaiter().GetResult(),
                () => checkpoint.LoadWhere(folder["run"], _ => true),
                () => checkpoint.LoadWhere(folder["run"], name => name == "matrix"),
            })
            {
                refused.Should().Throw<InvalidOperationException>();
            }

            model.All.ShouldHaveTheBitsOf(values, guest);
            model.Optimizer.UpdateCount.Should().Be(updates);
            called = true;
        });
        called.Should().BeTrue();
        File.ReadAllBytes(folder["run"]).Should().Equal(before);
        folder.Names.Except(["run", "runs"]).Should().BeEmpty();
        keeper.Files.Should().BeEmpty();
        checkpoint.Save(folder["run"]);
        checkpoint.Load(folder["run"]);
    }

    // With the last bytes, because a load checks the whole file before it changes values.
    private sealed class Progress(Action report) : IProgress<CheckpointProgress>
    {
        public void Report(CheckpointProgress value)
        {
            if (value.Bytes == value.TotalBytes)
            {
                report();
            }
        }
    }
}
