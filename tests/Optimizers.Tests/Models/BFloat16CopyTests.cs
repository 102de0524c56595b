namespace Optimizers.Tests;

/// <summary>bfloat16 copies of values in the caller's memory.</summary>
public sealed unsafe class BFloat16CopyTests
{
    private const int Length = 5_003;

    // Everything that updates values. Each runs on a model with one parameter "p" and changes its values.
    private static readonly Dictionary<string, Action<ParameterSet>> _paths = new()
    {
        ["a step"] = set => Optimizer(set).Step(),
        ["a step on two threads"] = set => Optimizer(set, new() { Threads = 2 }).Step(),
        ["a clipped step"] = set => Optimizer(set, new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.1 }, ZeroGradients = true }).Step(),
        ["a step with a clip that rewrites"] = set => Optimizer(set, new() { Clip = new AdaptiveClip() }).Step(),
        ["a measured step"] = set => Optimizer(set, new() { MeasureUpdates = true }).Step(),
        ["a step of LAMB"] = set => new ModelOptimizer(set, new LambOptions { LearningRate = 0.1 }).Step(),
        ["a step of Muon"] = set => new ModelOptimizer(set, new MuonOptions { LearningRate = 0.1 }).Step(),
        ["an ascent of SAM"] = set => new Sam(Optimizer(set), new() { Rho = 3 }).Ascend(),
        ["the way back of SAM"] = set =>
        {
            var sam = new Sam(Optimizer(set), new() { Rho = 3 });
            sam.Ascend();
            set["p"].Gradients.Fill(1);
            sam.Step();
        },
        ["a synchronization of Lookahead"] = set => new Lookahead(Optimizer(set), new() { SynchronizationPeriod = 1 }).Step(),
        ["an accumulated step"] = set => new GradientAccumulator(Optimizer(set), new() { MicroBatches = 1 }).Step(),
        ["a step of L-BFGS"] = set => new Lbfgs(Length).Step(set, () =>
        {
            set["p"].Values.CopyTo(set["p"].Gradients);
            return set["p"].Values.ToArray().Sum(p => 0.5 * p * p);
        }),
        ["averages that are swapped in"] = set =>
        {
            var average = new ExponentialMovingAverage(set, new() { Decay = 0.5 });
            average.Update();
            Optimizer(set).Step();
            average.Update();
            average.SwapIn();
        },
        ["averages that are swapped out"] = set =>
        {
            var average = new ExponentialMovingAverage(set, new() { Decay = 0.5 });
            average.Update();
            Optimizer(set).Step();
            average.Update();
            average.SwapIn().Dispose();
        },
        ["other values"] = set => set["p"].PointValuesAt(Draw.Floats(9, Length)),
        ["a loaded checkpoint"] = set =>
        {
            var checkpoint = new Checkpoint(Optimizer(set));
            byte[] file = CheckpointBytes.Of(checkpoint);
            set["p"].Values.Fill(3);
            set["p"].KeepBFloat16Copy();
            CheckpointBytes.Load(checkpoint, file);
            set["p"].Values[0] = 7;
            set["p"].KeepBFloat16Copy();
        },
    };

    public static TheoryData<string> Paths() => [.. _paths.Keys];

    [Theory]
    [MemberData(nameof(Paths))]
    public void CopyInTheMemoryOfTheCallerFollowsTheValues(string path)
    {
        foreach (bool isMemory in new[] { true, false })
        {
            using ParameterSet set = Views();
            Parameter parameter = set["p"];
            var copy = new CountedMemory<BFloat16>(Length);
            Keep(parameter, copy, isMemory);
            IsRounded(copy, parameter).Should().BeTrue("the values are rounded at once");
            float[] before = parameter.Values.ToArray();
            _paths[path](set);
            parameter.Values.SequenceEqual(before).Should().BeFalse("the values have changed");
            IsRounded(copy, parameter).Should().BeTrue(path);
            parameter.BFloat16Values.Overlaps(copy.GetSpan()).Should().BeTrue();
        }
    }

    [Fact]
    public void CopyMoves()
    {
        using ParameterSet set = Views();
        Parameter parameter = set["p"];
        CountedMemory<BFloat16>[] copies = [new(Length), new(Length)];
        ModelOptimizer optimizer = Optimizer(set);
        parameter.KeepBFloat16Copy();
        optimizer.Step();
        for (int i = 0; i < 6; i++)
        {
            Keep(parameter, copies[i % 2], isMemory: i < 3);
            BFloat16[] former = copies[(i + 1) % 2].GetSpan().ToArray();
            optimizer.Step();
            IsRounded(copies[i % 2], parameter).Should().BeTrue();
            copies[(i + 1) % 2].GetSpan().SequenceEqual(former).Should().BeTrue("an earlier copy is no longer updated");
            copies[i % 2].Pins.Should().Be(i < 3 ? 1 : 0);
            copies[(i + 1) % 2].Pins.Should().Be(0);
        }

        optimizer.StateOf("p").Iteration.Should().Be(7);
        parameter.KeepBFloat16Copy(copies[1].Memory);
        copies[1].Pins.Should().Be(1);
        set.Dispose();
        copies.Should().OnlyContain(copy => copy.Pins == 0);
        parameter.Invoking(p => p.KeepBFloat16Copy(copies[1].Memory)).Should().Throw<ObjectDisposedException>();
        parameter.Invoking(p => p.KeepBFloat16Copy(copies[1].Address)).Should().Throw<ObjectDisposedException>();
        copies.Should().OnlyContain(copy => copy.Pins == 0);
    }

    [Fact]
    public void InvalidMemoryIsRefused()
    {
        using ParameterSet set = Views();
        Parameter parameter = set["p"];
        Parameter other = set.Add("other", 6);
        var memory = new CountedMemory<BFloat16>(Length + 8);
        parameter.KeepBFloat16Copy(memory.Memory[..Length]);
        foreach ((Action call, string message) in new (Action, string)[]
                 {
                     (() => parameter.KeepBFloat16Copy(memory.Memory), $"*{Length} elements, but {Length + 8} copy*"),
                     (() => parameter.KeepBFloat16Copy((BFloat16*)null), "*address of the copy of \"p\" is null*"),
                     (() => parameter.KeepBFloat16Copy((BFloat16*)parameter.ValuesAddress + 3), "*copy of \"p\" overlaps its values*"),
                     (() => parameter.KeepBFloat16Copy((BFloat16*)parameter.GradientsAddress + 3), "*copy of \"p\" overlaps its gradients*"),
                     (() => other.KeepBFloat16Copy(memory.Memory[(Length - 1)..(Length + 5)]), "*copy of \"other\" overlaps a buffer of \"p\"*"),
                     (() => other.KeepBFloat16Copy((BFloat16*)parameter.ValuesAddress), "*copy of \"other\" overlaps a buffer of \"p\"*"),
                     (() => parameter.PointValuesAt((float*)memory.Address), "*values of \"p\" overlap its bfloat16 copy*"),
                     (() => set.AddView("third", [2], (float*)memory.Address), "*values of \"third\" overlap a buffer of \"p\"*"),
                 })
        {
            call.Should().Throw<ArgumentException>().WithMessage(message);
            memory.Pins.Should().Be(1);
            other.BFloat16Values.IsEmpty.Should().BeTrue();
        }

        parameter.BFloat16Values.Overlaps(memory.GetSpan()).Should().BeTrue();
        other.KeepBFloat16Copy(memory.Memory[Length..(Length + 6)]);
        other.BFloat16Values.Length.Should().Be(6);
    }

    private static ModelOptimizer Optimizer(ParameterSet set, ModelOptimizerOptions? options = null) =>
        new(set, new AdamWOptions { LearningRate = 0.1 }, options);

    private static void Keep(Parameter parameter, CountedMemory<BFloat16> copy, bool isMemory)
    {
        if (isMemory)
        {
            parameter.KeepBFloat16Copy(copy.Memory);
        }
        else
        {
            parameter.KeepBFloat16Copy(copy.Address);
        }
    }

    private static bool IsRounded(CountedMemory<BFloat16> copy, Parameter parameter) =>
        copy.GetSpan().SequenceEqual(Array.ConvertAll(parameter.Values.ToArray(), BFloat16.Round));

    private static ParameterSet Views()
    {
        var set = new ParameterSet();
        set.AddView("p", [1, Length], Draw.Floats(1, Length), Draw.Floats(2, Length));
        return set;
    }
}
