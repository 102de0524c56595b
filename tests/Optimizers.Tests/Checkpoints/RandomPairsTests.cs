using System.Globalization;

namespace Optimizers.Tests;

/// <summary>
/// Files of random programs are loaded into other random programs. Each load restores everything that it reports, or it
/// throws and changes nothing.
/// </summary>
public sealed class RandomPairsTests
{
    /// <summary>The number of pairs in the long form of the test.</summary>
    public const string CountVariable = "OPTIMIZERS_PAIRS";

    [Fact]
    public void LoadIsCompleteOrChangesNothing()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable(CountVariable) ?? "300", CultureInfo.InvariantCulture);
        int loaded = 0;
        for (int seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            using var source = new Program(random);
            source.Train();
            byte[] file = CheckpointBytes.Of(source.Checkpoint);

            // The programs are often equal or almost equal; otherwise hardly any file could be loaded.
            using var target = random.Next(3) == 0 ? new Program(random) : new Program(new Random(seed), changes: random.Next(3), random);
            if (random.Next(2) == 0)
            {
                target.Train();
            }

            CheckpointLoadOptions options = OptionsOf(random);
            string before = target.ToString();
            string what = $"seed {seed}, {options}";
            CheckpointReport report;
            try
            {
                report = CheckpointBytes.Load(target.Checkpoint, file, options);
            }
            catch (CheckpointException exception)
            {
                exception.Fault.Should().Be(CheckpointFault.Different, what);
                target.ToString().Should().Be(before, what);
                continue;
            }

            loaded++;
            ShouldBeComplete(target, file, report, options, what);
        }

        loaded.Should().BeInRange(count / 4, count - (count / 4), "the test needs both results often enough");
    }

    private static void ShouldBeComplete(Program target, byte[] file, CheckpointReport report, CheckpointLoadOptions options, string what)
    {
        using SafetensorsReader there = SafetensorsBytes.Open(file);
        using SafetensorsReader here = SafetensorsBytes.Open(CheckpointBytes.Of(target.Checkpoint));
        string[] taken = [.. there.Tensors.Select(tensor => tensor.Name).Except(report.Left)];
        taken.Should().HaveCount(report.Tensors, what);
        foreach (string name in taken)
        {
            SafetensorsBytes.BytesOf(here, here[name]).Should().Equal(SafetensorsBytes.BytesOf(there, there[name]), "{0}, {1}", what, name);
        }

        here.Tensors.Select(tensor => tensor.Name).Except(taken).Except(report.Untouched)
            .Where(name => !name.EndsWith(".momentum_product", StringComparison.Ordinal)).Should().BeEmpty(what);
        if (options.Where is null)
        {
            foreach ((string key, string value) in there.Metadata.Where(pair => pair.Key.StartsWith("values.", StringComparison.Ordinal)
                || (pair.Key.StartsWith("schedules.", StringComparison.Ordinal) && !report.Left.Contains(pair.Key))))
            {
                here.Metadata[key].Should().Be(value, "{0}, {1}", what, key);
            }

            here.Metadata["update_count"].Should().Be(
                options.UpdateCount?.ToString(CultureInfo.InvariantCulture) ?? there.Metadata["update_count"], what);
            report.UpdateCount.Should().Be(long.Parse(here.Metadata["update_count"], CultureInfo.InvariantCulture));
        }

        // The program continues after the load.
        target.Train();
    }

    private static CheckpointLoadOptions OptionsOf(Random random)
    {
        string[] names = [.. Program.Names.Where(_ => random.Next(2) == 0)];
        return new CheckpointLoadOptions
        {
            AllowDifferentOptions = random.Next(2) == 0,
            AllowDifferentGroups = random.Next(2) == 0,
            ParametersFromElsewhere = random.Next(2) == 0,
            UpdateCount = random.Next(6) == 0 ? random.Next(100) : null,
            Where = random.Next(4) != 0 ? null : random.Next(2) == 0 ? _ => true : names.Contains,
            Ignore = random.Next(6) == 0 ? name => name.StartsWith("average", StringComparison.Ordinal) : null,
        };
    }

    /// <summary>A program with random parameters, groups, schedules, options, parts and settings.</summary>
    private sealed class Program : IDisposable
    {
        public static readonly string[] Names = ["a", "b", "c.weight"];

        private readonly ParameterSet _set = new();
        private readonly ModelOptimizer _optimizer;
        private readonly LossScaler? _scaler;
        private readonly List<ReduceOnPlateau> _plateaus = [];
        private readonly ExponentialMovingAverage _average;
        private readonly Random _random;

        /// <param name="random">The generator that makes the choices.</param>
        /// <param name="changes">The number of choices that the other generator makes instead.</param>
        /// <param name="changing">The other generator.</param>
        public Program(Random random, int changes = 0, Random? changing = null)
        {
            _random = changing ?? random;
            int next = 0;
            int[] changed = [.. Enumerable.Range(0, changes).Select(_ => changing!.Next(40))];
            int Choose(int count)
            {
                int choice = random.Next(count);
                return changed.Contains(next++) ? changing!.Next(count) : choice;
            }

            foreach (string name in Names.Where(_ => Choose(12) != 0).DefaultIfEmpty("a"))
            {
                Parameter parameter = _set.Add(name, Choose(12) == 0 ? [2, 3] : [5]);
                Draw.Floats(name.Length, parameter.Length).CopyTo(parameter.Values);
            }

            var groups = new List<ParameterGroup>();
            foreach (IGrouping<int, Parameter> members in _set.GroupBy(_ => Choose(2)).OrderBy(group => group.Key))
            {
                HashSet<Parameter> mine = [.. members];
                IOptimizerOptions options = Choose(8) switch
                {
                    0 => new SgdOptions(),
                    1 => new MomentumOptions { Momentum = 0.9 },
                    2 => new AdamWOptions { AmsGrad = true },
                    3 => new ProdigyOptions(),
                    4 => new LionOptions(),
                    _ => new AdamWOptions { Beta1 = Choose(5) == 0 ? 0.8 : 0.9 },
                };
                bool scheduledDecay = Choose(5) == 0;
                int decay = Choose(3);
                bool scheduledMomentum = Choose(5) == 0;
                groups.Add(new ParameterGroup(options)
                {
                    Where = mine.Contains,
                    Schedule = Choose(3) == 0 ? Schedule(Choose(4)) : null,
                    WeightDecaySchedule = scheduledDecay ? Schedule(Choose(4)) : null,
                    WeightDecay = !scheduledDecay && decay == 0 ? 0.2 : null,
                    MomentumSchedule = scheduledMomentum && options.SchedulableMomentum is not null ? Schedule(Choose(4)) : null,
                    RateFactor = Choose(8) == 0 ? 0.5 : 1,
                    Frozen = Choose(8) == 0,
                    StateFormat = Choose(8) == 0 ? StateFormat.BFloat16 : StateFormat.Float32,
                });
            }

            _scaler = Choose(3) == 0 ? new LossScaler() : null;
            _optimizer = new ModelOptimizer(_set, groups, new ModelOptimizerOptions
            {
                Schedule = Choose(2) == 0 ? Schedule(Choose(4)) : null,
                Clip = Choose(3) == 0 ? new ClipByGlobalNorm() : null,
                LossScaler = _scaler,
            });
            _average = new ExponentialMovingAverage(_set);
            Checkpoint = new Checkpoint(_optimizer) { IncludeParameters = Choose(8) != 0 };
            if (Choose(3) == 0)
            {
                Checkpoint.Add("average", _average);
            }

            if (Choose(4) == 0 && _plateaus.Count > 0)
            {
                Checkpoint.Add("plateau", _plateaus[^1]);
            }
        }

        public Checkpoint Checkpoint { get; }

        public void Train()
        {
            for (int step = _random.Next(4); step >= 0; step--)
            {
                foreach (Parameter parameter in _set)
                {
                    Draw.Floats(_random.Next(), parameter.Length).CopyTo(parameter.Gradients);
                }

                _average.Update(_optimizer.Step());
                _plateaus.ForEach(plateau => plateau.Observe(_random.NextDouble()));
                if (_random.Next(4) == 0)
                {
                    ParameterGroup group = _optimizer.Groups[0];
                    group.RateFactor *= 0.5;
                    group.Frozen ^= true;
                    group.WeightDecay = group.WeightDecaySchedule is null ? 0.1 : null;
                    _set[0].HasGradient ^= true;
                }
            }

            Checkpoint.Values["seed"] = $"{_random.Next()}";
        }

        public override string ToString() => string.Join(
            "\n",
            _set.Select(parameter =>
            {
                OptimizerSnapshot state = _optimizer.StateOf(parameter.Name).Save();
                return $"{parameter} {parameter.HasGradient} {Text(parameter.Values)} {state.Iteration} {state.MomentumProduct} {string.Join(",", state.Scalars)}"
                    + string.Concat(state.Slots.Select(slot => $" {slot.Key} {Text(slot.Value.Span)}"))
                    + string.Concat(state.Stored.Select(slot => $" {slot.Key} {Convert.ToHexString(slot.Value.Span)}"));
            })
            .Concat(_optimizer.Groups.Select(group => $"{GroupSettings.Of(group)}"))
            .Concat(_plateaus.Select(plateau => $"{plateau.Rate} {plateau.Best}"))
            .Append($"{_optimizer.UpdateCount} {_scaler?.Scale} {_average.StepCount} {string.Join(",", Checkpoint.Values)}")
            .Concat(_set.Select(parameter => _average.UpdateCount == 0 ? "" : Text(_average[parameter.Name]))));

        public void Dispose() => _set.Dispose();

        private static string Text(ReadOnlySpan<float> values) => string.Join(",", values.ToArray());

        // At most 1, as for a rate, a decay or a momentum.
        private ILrSchedule Schedule(int kind)
        {
            if (kind > 1)
            {
                return kind == 2 ? new Constant(0.01) : new Linear(0.5, 0.1, 10);
            }

            _plateaus.Add(new ReduceOnPlateau(0.5, patience: 0));
            return kind == 0 ? _plateaus[^1] : _plateaus[^1].Clamp(0, 0.9).WithWarmup(2);
        }
    }
}
