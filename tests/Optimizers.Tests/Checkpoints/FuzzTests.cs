using System.Globalization;
using System.Runtime.InteropServices;
using Xunit.Abstractions;

namespace Optimizers.Tests;

/// <summary>
/// Thousands of damaged files, made from valid ones. Each is loaded, or refused with a CheckpointException, in
/// memory that the length of the file bounds. A refusal changes nothing.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    /// <summary>The number of files in the long form of the test.</summary>
    public const string CountVariable = "OPTIMIZERS_FUZZ";

    // Long enough that only a hanging load exceeds it.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(60);

    [Fact]
    public async Task DamagedFilesThrowAndChangeNothing()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable(CountVariable) ?? "4000", CultureInfo.InvariantCulture);
        using var fuzzer = new Fuzzer(seed: 1);
        await Task.Run(() => fuzzer.Run(count)).WaitAsync(_patience);
        output.WriteLine(fuzzer.ToString());
        fuzzer.Refused.Should().BeGreaterThan(count / 2);
        fuzzer.Loaded.Should().BeGreaterThan(count / 50, "some damaged files must still be valid");
    }

    private sealed class Fuzzer : IDisposable
    {
        private readonly Random _random;
        private readonly Mutator _mutator;
        private readonly ParameterSet _set = new();
        private readonly ModelOptimizer _optimizer;
        private readonly Checkpoint _checkpoint;
        private readonly Part _part = new();
        private readonly byte[][] _seeds;
        private readonly SortedDictionary<string, int> _reasons = [];
        private double _mostPerByte;
        private long _most;

        public Fuzzer(int seed)
        {
            _random = new Random(seed);
            _mutator = new Mutator(_random);
            _set.AddRange(("a", [2, 3]), ("b", [4]), ("head.c", []));
            _optimizer = new ModelOptimizer(
                _set,
                [new(new AdamWOptions()) { Where = p => p.Name != "b" }, new(new MomentumOptions()) { RateFactor = 2 }],
                new ModelOptimizerOptions { Clip = new ClipByGlobalNorm() });
            _checkpoint = new Checkpoint(_optimizer);
            _checkpoint.Add("part", _part);
            _checkpoint.Values["random"] = "[1,2,3]";
            foreach (Parameter parameter in _set)
            {
                parameter.Gradients.Fill(0.5f);
            }

            _optimizer.Step();
            byte[] own = CheckpointBytes.Of(_checkpoint);
            _seeds = [own, own, own, WithoutMetadata(own), WithoutMetadata(own), OfAllTypes()];
        }

        public int Refused { get; private set; }

        public int Loaded { get; private set; }

        public void Run(int count)
        {
            string before = State();
            for (int i = 0; i < count; i++)
            {
                byte[] file = _mutator.Mutate(_seeds[_random.Next(_seeds.Length)]);
                byte[] copy = [.. file];
                if (Load(i, file))
                {
                    Loaded++;
                    before = State();
                }
                else
                {
                    Refused++;
                    State().Should().Be(before, "file {0} was refused", i);
                }

                file.AsSpan().SequenceEqual(copy).Should().BeTrue();
            }
        }

        public void Dispose() => _set.Dispose();

        public override string ToString() =>
            $"{Refused} refused, {Loaded} loaded; at most {_most} bytes were allocated, and {_mostPerByte:F1} for each byte of a file beyond 50,000"
            + string.Concat(_reasons.Select(reason => $"\n{reason.Value,8} {reason.Key}"));

        private bool Load(int number, byte[] file)
        {
            CheckpointLoadOptions? options = _random.Next(4) switch
            {
                0 => null,
                1 => new() { AllowDifferentOptions = true, UpdateCount = 3 },
                2 => new() { Where = name => name != "b", UpdateCount = 3 },
                _ => new() { Ignore = name => name.StartsWith("part", StringComparison.Ordinal), UpdateCount = 3 },
            };
            long start = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                CheckpointBytes.Load(_checkpoint, file, options);
                return true;
            }
            catch (CheckpointException exception)
            {
                Count(exception);
                return false;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"File {number} threw: {Convert.ToBase64String(file)}", exception);
            }
            finally
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread() - start;
                _most = Math.Max(_most, allocated);
                _mostPerByte = Math.Max(_mostPerByte, (allocated - 50_000.0) / Math.Max(1, file.Length));
                allocated.Should().BeLessThan(150_000 + (40L * file.Length), "file {0} has {1} bytes", number, file.Length);
            }
        }

        // The kind of a message: its words without quotations and numbers.
        private void Count(CheckpointException exception)
        {
            string first = exception.Fault == CheckpointFault.Damaged ? exception.Message : string.Concat(exception.Problems.Take(1));
            string reason = string.Join(' ', first.Split(' ').Where(word => word.All(c => char.IsLetter(c) || c is '.' or ',' or ':')).Take(9));
            _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;
        }

        private string State()
        {
            var text = new System.Text.StringBuilder();
            foreach (Parameter parameter in _set)
            {
                OptimizerState state = _optimizer.StateOf(parameter.Name);
                Append(text, parameter.Values);
                text.Append(state.Iteration).Append(parameter.HasGradient);
                foreach (string slot in state.SlotNames)
                {
                    Append(text, state[slot]);
                }
            }

            foreach (ParameterGroup group in _optimizer.Groups)
            {
                text.Append(group.RateFactor).Append(group.WeightDecay).Append(group.Frozen);
            }

            Append(text, _part.Floats);
            text.Append(_part.Count).Append(_part.Scale).Append(_optimizer.UpdateCount);
            foreach ((string key, string value) in _checkpoint.Values)
            {
                text.Append(key).Append('=').Append(value);
            }

            return text.ToString();
        }

        private static void Append(System.Text.StringBuilder text, ReadOnlySpan<float> values)
        {
            foreach (int bits in MemoryMarshal.Cast<float, int>(values))
            {
                text.Append(bits).Append(' ');
            }
        }

        private static byte[] WithoutMetadata(byte[] file)
        {
            using SafetensorsReader reader = SafetensorsBytes.Open(file);
            using var other = new MemoryStream();
            var writer = new SafetensorsWriter(other, reader.Tensors.Where(tensor => !tensor.Name.StartsWith("part", StringComparison.Ordinal)));
            foreach (SafetensorsTensor tensor in writer.Tensors)
            {
                writer.WriteBytes(tensor.Name, SafetensorsBytes.BytesOf(reader, reader[tensor.Name]));
            }

            writer.Complete();
            return other.ToArray();
        }

        private static byte[] OfAllTypes()
        {
            using var file = new MemoryStream();
            var writer = new SafetensorsWriter(
                file,
                Enum.GetValues<SafetensorsType>().Select(type => new SafetensorsTensor($"t.{type}", type, 4)),
                new Dictionary<string, string> { ["format"] = "pt" });
            foreach (SafetensorsTensor tensor in writer.Tensors)
            {
                writer.WriteBytes(tensor.Name, new byte[tensor.ByteLength]);
            }

            writer.Complete();
            return file.ToArray();
        }
    }
}
