namespace Optimizers.Tests;

/// <summary>A checkpoint restores a matching run, and refuses any other file before it changes anything.</summary>
public sealed class CheckpointTests
{
    private static readonly ClipByGlobalNorm _clip = new();

    /// <summary>A model that does not match a file of <see cref="Model"/>, and the expected message.</summary>
    public static TheoryData<string, string[]> Others() => new()
    {
        { "kind", ["groups[0] has \"AdamW\" in the file, but \"Adam\" here"] },
        { "missing", ["missing: \"state.c.exp_avg\" F32 [2]", "missing: \"state.c.exp_avg_sq\"", "missing: \"state.c.step\" I64 []", "missing: \"parameters.c\""] },
        { "unexpected", ["unexpected: \"state.b.exp_avg\" F32 [3]", "unexpected: \"parameters.b\""] },
        { "slots", ["missing: \"state.a.max_exp_avg_sq\"", "groups[0].optimizer.amsGrad is false in the file, but true here"] },
        { "shape", ["\"state.b.exp_avg\" F32 [3] in the file, but F32 [3, 1] here", "\"parameters.b\""] },
        { "group", ["parameter \"b\" is in group 0 in the file, but in group 1 here"] },
        { "groups", ["there are 2 groups in the file, but 1 here"] },
        { "option", ["groups[0].optimizer.beta1 is 0.9 in the file, but 0.8 here"] },
        { "schedule", ["options.schedule.value is 0.1 in the file, but 0.2 here"] },
        { "group schedule", ["groups[1].schedule is absent in the file, but Cosine here"] },
        { "clip", ["options.clip is ClipByGlobalNorm in the file, but absent here"] },
        { "no parameters", ["unexpected: \"parameters.a\"", "unexpected: \"parameters.b\""] },
        { "part", ["missing: \"part.floats\"", "missing: value \"part.scale\""] },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void FileOfAnotherModelThrowsAndChangesNothing(string other, string[] said)
    {
        using var folder = new TemporaryFolder();
        using (Model model = new())
        {
            model.Step();
            model.Checkpoint.Values["mine"] = "1";
            model.Checkpoint.Save(folder["run"]);
        }

        using var target = new Model(other);
        target.Step();
        target.Checkpoint.Values["yours"] = "2";
        string before = target.ToString();
        CheckpointException refusal = target.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"]))
            .Should().Throw<CheckpointException>().Which;
        refusal.Fault.Should().Be(CheckpointFault.Different);
        refusal.Message.Should().ContainAll(said).And.Contain(folder["run"]);
        target.ToString().Should().Be(before);
        target.Checkpoint.Values.Should().Equal(new Dictionary<string, string> { ["yours"] = "2" });
    }

    [Fact]
    public void AllowDifferentOptionsKeepsTheProgramsOptionsAndListsThem()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model();
        model.Step();
        model.Checkpoint.Save(folder["run"]);
        using var target = new Model("option");
        CheckpointReport report = target.Checkpoint.Load(folder["run"], new() { AllowDifferentOptions = true });
        report.Differences.Should().Equal("groups[0].optimizer.beta1 is 0.9 in the file, but 0.8 here");
        target.ToString().Should().Be(model.ToString());
        using var kind = new Model("kind");
        kind.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["run"], new() { AllowDifferentOptions = true }))
            .Should().Throw<CheckpointException>().WithMessage("*AdamW*");
    }

    [Fact]
    public void LoadWhereLoadsOnlyTheSelectedParameters()
    {
        using var folder = new TemporaryFolder();
        using var old = new Model();
        old.Step();
        old.Checkpoint.Values["epoch"] = "4";
        old.Checkpoint.Save(folder["run"]);
        using var model = new Model("shape");
        CheckpointReport report = model.Checkpoint.LoadWhere(folder["run"], name => name == "a");
        report.Tensors.Should().Be(4);
        report.Left.Should().Contain(["parameters.b", "state.b.step", "values.epoch"]).And.NotContain("parameters.a");
        report.Untouched.Should().Contain(["parameters.b", "state.b.exp_avg", "update_count"]);
        model.Set["a"].Values.ShouldHaveTheBitsOf(old.Set["a"].Values, "a");
        model.Optimizer.StateOf("a").Save().ShouldHaveTheBitsOf(old.Optimizer.StateOf("a").Save(), "a");
        model.Optimizer.StateOf("b").Iteration.Should().Be(0);
        model.Optimizer.UpdateCount.Should().Be(0);
        model.Checkpoint.Values.Should().BeEmpty();

        model.Checkpoint.Invoking(checkpoint => checkpoint.LoadWhere(folder["run"], name => name == "typo"))
            .Should().Throw<CheckpointException>().WithMessage("*no parameter*");
        using var kind = new Model("kind");
        kind.Checkpoint.Invoking(checkpoint => checkpoint.LoadWhere(folder["run"], name => name == "a"))
            .Should().Throw<CheckpointException>().WithMessage("*AdamW*");
        using var missing = new Model("missing");
        missing.Checkpoint.Invoking(checkpoint => checkpoint.LoadWhere(folder["run"], name => name == "c"))
            .Should().Throw<CheckpointException>().WithMessage("*missing*state.c.exp_avg*");
    }

    [Fact]
    public void FunctionScheduleIsNotComparedAndReported()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 2);
        var checkpoint = new Checkpoint(new ModelOptimizer(
            set, new SgdOptions(), new ModelOptimizerOptions { Schedule = new FunctionSchedule(_ => 1) }));
        checkpoint.Save(folder["run"]);
        checkpoint.Load(folder["run"]).NotCompared.Should().Equal("options.schedule: Optimizers.Schedules.FunctionSchedule");
    }

    [Fact]
    public void PartsAndValuesAreRestored()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model("part");
        model.Checkpoint.Values["random"] = "[1,2]\"\\ü";
        model.Checkpoint.Values[""] = "";
        model.Checkpoint.Save(folder["run"]);
        Part part = model.Part!;
        part.Floats.AsSpan().Clear();
        part.Rounded[0] = default;
        part.Codes.AsSpan().Clear();
        part.Halves.AsSpan().Clear();
        part.Indices[0] = 0;
        part.Sums[0] = 0;
        part.Count = 0;
        part.Product = 0;
        part.Scale = 1;
        model.Checkpoint.Values["random"] = "other";
        model.Checkpoint.Values["more"] = "1";
        model.Checkpoint.Load(folder["run"]);
        part.Should().BeEquivalentTo(new Part());
        model.Checkpoint.Values.Should().Equal(new Dictionary<string, string> { [""] = "", ["random"] = "[1,2]\"\\ü" });
        using SafetensorsReader file = SafetensorsReader.Open(folder["run"]);
        file["part.inner.halves"].Type.Should().Be(SafetensorsType.F16);
        file["part.inner.count"].Type.Should().Be(SafetensorsType.I64);
        file["part.inner.product"].Type.Should().Be(SafetensorsType.F64);
        file.Metadata["part.scale"].Should().Be("65536");
    }

    [Theory]
    [InlineData("\"part.scale\":\"65536\"", "\"part.scale\":\"-5536\"", "above 0")]
    [InlineData("\"part.scale\":\"65536\"", "\"part.scale\":\"[553]\"", "part.scale")]
    [InlineData("\"part.scale\":\"65536\"", "\"part.scale\":\"65536{\"", "part.scale")]
    [InlineData("\"update_count\":\"1\"", "\"update_count\":\"-1\"", "update_count")]
    [InlineData("\\\"rateFactor\\\":1,", "\\\"rateFactor\\\":-1,", "groups")]
    [InlineData("\\\"frozen\\\":false,", "\\\"frozen\\\":0,", "groups")]
    [InlineData("\\\"frozen\\\":false,", "", "groups")]
    [InlineData("\"version\":\"3\"", "\"version\":\"one\"", "version")]
    public void InvalidValuesThrow(string before, string after, string said)
    {
        using var model = new Model("part");
        model.Step();
        byte[] file = CheckpointBytes.WithHeader(CheckpointBytes.Of(model.Checkpoint), header =>
        {
            header.Should().Contain(before);
            return header.Replace(before, after, StringComparison.Ordinal);
        });
        string state = model.ToString();
        model.Invoking(target => CheckpointBytes.Load(target.Checkpoint, file))
            .Should().Throw<CheckpointException>().Which.Message.Should().Contain(said);
        model.ToString().Should().Be(state);
    }

    [Fact]
    public void NegativeCounterInTheFileThrows()
    {
        using var model = new Model("part");
        byte[] file = CheckpointBytes.Of(model.Checkpoint);
        using (SafetensorsReader reader = SafetensorsBytes.Open(file))
        {
            long at = reader.DataStart + reader["part.inner.count"].Begin;
            BitConverter.GetBytes(-1L).CopyTo(file, at);
        }

        model.Invoking(target => CheckpointBytes.Load(target.Checkpoint, CheckpointBytes.Sealed(file)))
            .Should().Throw<CheckpointException>().WithMessage("*part.inner.count*-1*");
    }

    [Fact]
    public void NewerVersionThrowsAndIsReportedAsNewer()
    {
        using var model = new Model();
        byte[] file = CheckpointBytes.WithHeader(
            CheckpointBytes.Of(model.Checkpoint),
            header => header.Replace("\"version\":\"3\"", "\"version\":\"4\",\"what\":\"is this\"", StringComparison.Ordinal));
        model.Invoking(target => CheckpointBytes.Load(target.Checkpoint, file))
            .Should().Throw<CheckpointException>().WithMessage("*version 4*").Which.Fault.Should().Be(CheckpointFault.Newer);
    }

    [Fact]
    public void EveryChangedBitIsFound()
    {
        using var model = new Model("part");
        model.Step();
        byte[] file = CheckpointBytes.Of(model.Checkpoint);
        string before = model.ToString();
        for (int i = 0; i < file.Length * 8; i += 3)
        {
            file[i / 8] ^= (byte)(1 << (i % 8));
            model.Invoking(target => CheckpointBytes.Load(target.Checkpoint, file))
                .Should().Throw<CheckpointException>("bit {0} is changed", i).Which.Fault.Should().Be(CheckpointFault.Damaged);
            file[i / 8] ^= (byte)(1 << (i % 8));
        }

        for (int length = 0; length < file.Length; length += 7)
        {
            model.Invoking(target => CheckpointBytes.Load(target.Checkpoint, file[..length])).Should().Throw<CheckpointException>();
        }

        model.ToString().Should().Be(before);
        CheckpointBytes.Load(model.Checkpoint, file);
    }

    [Fact]
    public void OfManyDifferencesAHundredAreShown()
    {
        using var folder = new TemporaryFolder();
        using var many = new ParameterSet();
        many.AddRange([.. Enumerable.Range(0, 2_000).Select(i => ($"p{i}", new[] { 1 }))]);
        new Checkpoint(new ModelOptimizer(many, new SgdOptions())) { IncludeParameters = false }.Save(folder["run"]);
        using var one = new ParameterSet();
        one.Add("other", 1);
        var checkpoint = new Checkpoint(new ModelOptimizer(one, new SgdOptions())) { IncludeParameters = false };
        CheckpointException refusal = checkpoint.Invoking(c => c.Load(folder["run"])).Should().Throw<CheckpointException>().Which;
        refusal.Problems.Should().HaveCount(1_001);
        refusal.Problems[^1].Should().Be("and 1001 more");
        refusal.Message.Split('\n').Should().HaveCount(103);
    }

    [Fact]
    public async Task ProgressIsReportedAndACancelledLoadChangesNothing()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 1_000_000).Values.Fill(1);
        var checkpoint = new Checkpoint(new ModelOptimizer(set, new AdamOptions()));
        var saved = new Recorder();
        await checkpoint.SaveAsync(folder["run"], saved);
        saved.Reports.Should().HaveCountGreaterThan(10).And.BeInAscendingOrder(report => report.Bytes);
        saved.Reports[^1].Should().Be(new CheckpointProgress(new FileInfo(folder["run"]).Length, new FileInfo(folder["run"]).Length));

        set["w"].Values.Fill(2);
        var loaded = new Recorder();
        await checkpoint.LoadAsync(folder["run"], progress: loaded);
        loaded.Reports.Should().BeInAscendingOrder(report => report.Bytes);
        loaded.Reports[^1].Bytes.Should().Be(loaded.Reports[^1].TotalBytes);
        set["w"].Values[0].Should().Be(1);

        int checking = loaded.Reports.Count / 2;
        foreach (int at in new[] { 1, checking / 2, checking })
        {
            set["w"].Values.Fill(3);
            using var stop = new CancellationTokenSource();
            Func<Task> load = () => checkpoint.LoadAsync(folder["run"], progress: new Recorder(at, stop), cancellation: stop.Token);
            await load.Should().ThrowAsync<OperationCanceledException>();
            set["w"].Values.IndexOfAnyExcept(3).Should().Be(-1);
        }

        using var late = new CancellationTokenSource();
        await checkpoint.LoadAsync(folder["run"], progress: new Recorder(checking + 2, late), cancellation: late.Token);
        set["w"].Values.IndexOfAnyExcept(1).Should().Be(-1, "a load that has begun to change values finishes");
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model("part");
        foreach (Action action in new Action[]
                 {
                     () => model.Checkpoint.Add("part", new Part()),
                     () => model.Checkpoint.Add("state", new Part()),
                     () => model.Checkpoint.Add("a.b", new Part()),
                     () => model.Checkpoint.Add("", new Part()),
                     () => model.Checkpoint.Add("other", (ICheckpointed)null!),
                     () => model.Checkpoint.Save(""),
                     () => model.Checkpoint.Load(""),
                     () => _ = new CheckpointLoadOptions { UpdateCount = -1 },
                     () => new CheckpointManifest().Tensor<bool>("x", [], () => new bool[1]),
                     () => new CheckpointManifest().Counter("", () => 1, _ => { }),
                 })
        {
            action.Should().Throw<ArgumentException>();
        }

        model.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder["none"])).Should().Throw<FileNotFoundException>();
        model.Checkpoint.Invoking(checkpoint => checkpoint.Load(folder.ToString())).Should().Throw<UnauthorizedAccessException>();
    }

    [Fact]
    public void PartWithTooFewElementsThrowsBeforeAnythingIsWritten()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model("part");
        model.Checkpoint.Save(folder["run"]);
        using var shorter = new Model();
        shorter.Checkpoint.Add("part", new Part { Floats = [7, 7, 7] });
        string before = shorter.ToString();
        shorter.Invoking(one => one.Checkpoint.Load(folder["run"])).Should().Throw<InvalidOperationException>().WithMessage("*part.floats*3*");
        shorter.Invoking(one => one.Checkpoint.Save(folder["other"])).Should().Throw<InvalidOperationException>().WithMessage("*part.floats*3*");
        shorter.ToString().Should().Be(before);
        folder.Names.Should().Equal("run");
    }

    [Fact]
    public void CounterOfAnotherWriterMayBeAFloat()
    {
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(file, [new("numbers.product", SafetensorsType.F32)]);
        writer.Write<float>("numbers.product", [0.1f]);
        writer.Complete();
        double product = 0;
        var checkpoint = new Checkpoint();
        checkpoint.Add("numbers", new Listed(contents => contents.Scalar("product", () => product, loaded => product = loaded)));
        CheckpointBytes.Load(checkpoint, file.ToArray()).Tensors.Should().Be(1);
        product.Should().Be(0.1f);
    }

    [Fact]
    public void InvalidUnicodeIsNotSaved()
    {
        using var folder = new TemporaryFolder();
        using var model = new Model();
        foreach ((string key, string? value) in new[] { ("\ud800", "x"), ("x", "\udc00"), ("x", null) })
        {
            model.Checkpoint.Values.Clear();
            model.Checkpoint.Values[key] = value!;
            model.Invoking(one => one.Checkpoint.Save(folder["run"])).Should().Throw<ArgumentException>();
        }

        using var set = new ParameterSet();
        set.Add("\ud800", 1);
        new Checkpoint(new ModelOptimizer(set, new AdamOptions())).Invoking(one => one.Save(folder["run"])).Should().Throw<ArgumentException>();
        folder.Names.Should().BeEmpty();
    }

    [Fact]
    public void SaveDuringAStepThrows()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 1);
        Checkpoint? checkpoint = null;
        Exception? thrown = null;
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new ModelOptimizerOptions
        {
            Schedule = new FunctionSchedule(_ =>
            {
                thrown = Record.Exception(() => checkpoint!.Save(folder["run"]));
                return 1;
            }),
        });
        checkpoint = new Checkpoint(optimizer);
        optimizer.Step();
        thrown.Should().BeOfType<InvalidOperationException>();
        folder.Names.Should().BeEmpty();
    }

    /// <summary>Two parameters in a group, with variations.</summary>
    private sealed class Model : IDisposable
    {
        public Model(string variation = "")
        {
            Set.Add("a", 2).Values.Fill(1);
            if (variation != "unexpected")
            {
                Set.Add("b", variation == "shape" ? [3, 1] : [3]).Values.Fill(2);
            }

            if (variation == "missing")
            {
                Set.Add("c", 2);
            }

            IOptimizerOptions options = variation switch
            {
                "kind" => new AdamOptions { WeightDecay = 0.01 },
                "option" => new AdamWOptions { Beta1 = 0.8 },
                "slots" => new AdamWOptions { AmsGrad = true },
                _ => new AdamWOptions(),
            };
            ParameterGroup[] groups =
            [
                new(options) { Where = p => variation != "group" || p.Name != "b" },
                new(new SgdOptions()) { Schedule = variation == "group schedule" ? new Cosine(1, 5) : null },
            ];
            Optimizer = new ModelOptimizer(Set, variation == "groups" ? groups[..1] : groups, new ModelOptimizerOptions
            {
                Schedule = new Constant(variation == "schedule" ? 0.2 : 0.1),
                Clip = variation == "clip" ? null : _clip,
            });
            Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = variation != "no parameters" };
            if (variation == "part")
            {
                Part = new Part();
                Checkpoint.Add("part", Part);
            }
        }

        public ParameterSet Set { get; } = new();

        public ModelOptimizer Optimizer { get; }

        public Checkpoint Checkpoint { get; }

        public Part? Part { get; }

        public void Step()
        {
            foreach (Parameter parameter in Set)
            {
                parameter.Gradients.Fill(0.3f);
            }

            Optimizer.Step();
        }

        public override string ToString() => string.Join(" ", Set.Select(parameter =>
            $"{string.Join(",", parameter.Values.ToArray())}/{Optimizer.StateOf(parameter.Name).Iteration}/"
            + string.Join("/", Optimizer.StateOf(parameter.Name).Save().Slots.Select(slot => string.Join(",", slot.Value.ToArray())))))
            + $" {Optimizer.UpdateCount} {string.Join(",", Part?.Floats ?? [])} {Part?.Count} {Part?.Scale}";

        public void Dispose() => Set.Dispose();
    }

    private sealed class Listed(Action<CheckpointManifest> list) : ICheckpointed
    {
        public void Describe(CheckpointManifest contents) => list(contents);
    }

    private sealed class Recorder(int stopAt = 0, CancellationTokenSource? stop = null) : IProgress<CheckpointProgress>
    {
        public List<CheckpointProgress> Reports { get; } = [];

        public void Report(CheckpointProgress value)
        {
            Reports.Add(value);
            if (Reports.Count == stopAt)
            {
                stop!.Cancel();
            }
        }
    }
}
