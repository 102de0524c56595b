using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>Further tensors in a checkpoint, such as the buffers of a normalisation layer.</summary>
public sealed class OwnTensorTests
{
    private static readonly Dictionary<string, Action<Checkpoint>> _refused = new()
    {
        ["a null name"] = c => c.AddTensor<float>(null!, [], new float[1]),
        ["an empty name"] = c => c.AddTensor<float>(string.Empty, [], new float[1]),
        ["a taken name"] = c => c.AddTensor<long>("layer.running_mean", [], new long[1]),
        ["too few elements"] = c => c.AddTensor<float>("other", [2, 2], new float[3]),
        ["too many elements"] = c => c.AddTensor<float>("other", [], new float[2]),
        ["a negative length"] = c => c.AddTensor<float>("other", [-1], Memory<float>.Empty),
        ["a huge shape"] = c => c.AddTensor<float>("other", [1 << 20, 1 << 20], Memory<float>.Empty),
        ["no shape"] = c => c.AddTensor<float>("other", null!, Memory<float>.Empty),
        ["decimal"] = c => c.AddTensor<decimal>("other", [1], new decimal[1]),
        ["characters"] = c => c.AddTensor<char>("other", [1], new char[1]),
        ["own values"] = c => c.AddTensor<Guid>("other", [1], new Guid[1]),
    };

    public static TheoryData<string> Refused() => [.. _refused.Keys];

    [Fact]
    public void EveryTypeAndShapeIsLoadedAsItWasSaved()
    {
        using var folder = new TemporaryFolder();
        var saved = new Tensors();
        saved.Fill();
        saved.Checkpoint.Save(folder["run"]);
        using (SafetensorsReader file = SafetensorsReader.Open(File.OpenRead(folder["run"])))
        {
            file.Tensors.Select(tensor => tensor.ToString()!.Split(' ')[0].Trim('"')).Where(name => name.StartsWith("tensors.", StringComparison.Ordinal))
                .Should().BeEquivalentTo(
                    "tensors.layer.running_mean", "tensors.layer.num_batches_tracked", "tensors.rng", "tensors.rounded", "tensors.empty", "tensors.a.b.c.d", "tensors.doubles");
        }

        var loaded = new Tensors();
        CheckpointReport report = loaded.Checkpoint.Load(folder["run"]);
        report.Left.Concat(report.Untouched).Concat(report.Differences).Should().BeEmpty();
        loaded.ShouldBe(saved);

        // The memory itself is saved and loaded, not a copy of it.
        saved.Mean[1] = 5;
        saved.Checkpoint.Save(folder["run"]);
        loaded.Checkpoint.Load(folder["run"]);
        loaded.Mean[1].Should().Be(5);
        loaded.ShouldBe(saved);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void InvalidTensorIsRefusedAtOnce(string name)
    {
        var tensors = new Tensors();
        byte[] before = CheckpointBytes.Of(tensors.Checkpoint);
        tensors.Checkpoint.Invoking(_refused[name]).Should().Throw<ArgumentException>();
        CheckpointBytes.Of(tensors.Checkpoint).Should().Equal(before, "nothing was added");
    }

    [Fact]
    public void MessagesNameTheTensor()
    {
        var checkpoint = new Checkpoint();
        checkpoint.AddTensor<float>("mean", [2], new float[2]);
        checkpoint.Invoking(c => c.AddTensor<float>("mean", [2], new float[2])).Should().Throw<ArgumentException>()
            .WithParameterName("name").WithMessage("*tensor \"mean\" already*");
        checkpoint.Invoking(c => c.AddTensor<float>("other", [2, 3], new float[5])).Should().Throw<ArgumentException>()
            .WithParameterName("elements").WithMessage("*\"other\"*[2, 3] has 6 elements, but 5*");
        checkpoint.Invoking(c => c.AddTensor<decimal>("other", [1], new decimal[1])).Should().Throw<ArgumentException>().WithMessage("*Decimal*Single*");
        checkpoint.Invoking(c => c.Add("tensors", new Part())).Should().Throw<ArgumentException>().WithMessage("*\"tensors\"*taken*");
    }

    [Theory]
    [InlineData("lacks", "missing: \"tensors.more\" F32 [2]")]
    [InlineData("has more", "unexpected: \"tensors.more\" F32 [2]")]
    [InlineData("another shape", "different: \"tensors.more\" F32 [2] in the file, but F32 [2, 1] here")]
    [InlineData("another type", "different: \"tensors.more\" F32 [2] in the file, but I32 [2] here")]
    public void DifferentTensorsAreReportedAndNothingIsLoaded(string what, string problem)
    {
        var saved = new Tensors();
        saved.Fill();
        var loaded = new Tensors();
        byte[] untouched = CheckpointBytes.Of(loaded.Checkpoint);
        if (what != "lacks")
        {
            saved.Checkpoint.AddTensor<float>("more", [2], new float[2]);
        }

        float[] more = [8, 9];
        int[] integers = [8, 9];
        switch (what)
        {
            case "lacks":
                loaded.Checkpoint.AddTensor<float>("more", [2], more);
                break;
            case "another shape":
                loaded.Checkpoint.AddTensor<float>("more", [2, 1], more);
                break;
            case "another type":
                loaded.Checkpoint.AddTensor<int>("more", [2], integers);
                break;
        }

        byte[] file = CheckpointBytes.Of(saved.Checkpoint);
        loaded.Invoking(l => CheckpointBytes.Load(l.Checkpoint, file)).Should().Throw<CheckpointException>().WithMessage($"*{problem}*");
        more.Should().Equal(8, 9);
        integers.Should().Equal(8, 9);
        var again = new Tensors();
        loaded.ShouldBe(again);
        untouched.Should().Equal(CheckpointBytes.Of(again.Checkpoint));
    }

    [Fact]
    public void TensorsBesideAModelAreRestored()
    {
        using var set = new ParameterSet();
        set.Add("tensors.weight", 3).Gradients.Fill(1);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        long[] count = [0];
        var checkpoint = new Checkpoint(optimizer);
        checkpoint.AddTensor<long>("weight", [], count);
        checkpoint.Add("part", new Part());
        optimizer.Step();
        count[0] = 1;
        byte[] file = CheckpointBytes.Of(checkpoint);
        count[0] = 2;
        CheckpointBytes.Load(checkpoint, file, new() { Where = _ => true });
        count[0].Should().Be(2, "a load of some parameters leaves the other tensors alone");
        CheckpointBytes.Load(checkpoint, file);
        count[0].Should().Be(1);

        // A rate search restores them as well.
        RateFinder.Find(
            checkpoint,
            _ =>
            {
                count[0]++;
                optimizer.Step();
                return 1;
            },
            new() { Points = 10, Smoothing = 0 });
        count[0].Should().Be(1);
    }

    private sealed class Tensors
    {
        private readonly byte[] _generator = new byte[17];
        private readonly BFloat16[] _rounded = new BFloat16[6];
        private readonly double[] _scalar = new double[1];
        private readonly double[] _doubles = new double[2];
        private readonly long[] _count = new long[1];

        public Tensors()
        {
            Checkpoint.AddTensor<float>("layer.running_mean", [4], Mean);
            Checkpoint.AddTensor<long>("layer.num_batches_tracked", [], _count);
            Checkpoint.AddTensor<byte>("rng", [17], _generator);
            Checkpoint.AddTensor<BFloat16>("rounded", [2, 3], _rounded);
            Checkpoint.AddTensor<float>("empty", [5, 0], Memory<float>.Empty);
            Checkpoint.AddTensor<double>("a.b.c.d", [1, 1], _scalar);
            Checkpoint.AddTensor("doubles", [2], _doubles.AsMemory());
        }

        public Checkpoint Checkpoint { get; } = new();

        public float[] Mean { get; } = new float[4];

        public void Fill()
        {
            new float[] { 1, -0f, float.NaN, float.NegativeInfinity }.CopyTo(Mean, 0);
            _count[0] = long.MinValue;
            new Random(1).NextBytes(_generator);
            Array.Fill(_rounded, BFloat16.Round(1.5f));
            _scalar[0] = Math.PI;
            _doubles[1] = double.Epsilon;
        }

        public void ShouldBe(Tensors expected)
        {
            Mean.ShouldHaveTheBitsOf(expected.Mean, "mean");
            _count.Should().Equal(expected._count);
            _generator.Should().Equal(expected._generator);
            MemoryMarshal.Cast<BFloat16, short>(_rounded).ToArray().Should().Equal(MemoryMarshal.Cast<BFloat16, short>(expected._rounded).ToArray());
            _scalar.Should().Equal(expected._scalar);
            _doubles.Should().Equal(expected._doubles);
        }
    }
}
