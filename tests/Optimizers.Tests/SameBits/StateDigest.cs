using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Optimizers.Tests;

/// <summary>
/// One hash over the results of every optimizer of the catalogue, in every variant, on difficult numbers. Processes with
/// equal hashes computed the same bits.
/// </summary>
internal static class StateDigest
{
    // No multiple of any lane count, so every width has a remainder.
    private const int SmallLength = 307;
    private const int FormatLength = 4_333;
    private const int SmallSteps = 20;
    private const int LargeSteps = 5;

    // Larger gradients would dominate the norm, and clipping would make the others 0.
    private const int ModelExponent = 4;

    public static string Compute()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            AppendSmall(hash, variant, highestExponent: 30, infinities: false);
            AppendSmall(hash, variant, highestExponent: 127, infinities: true);
            foreach (StateFormat format in Enum.GetValues<StateFormat>())
            {
                AppendFormat(hash, variant, format);
            }

            AppendModel(hash, variant, NormKind.Euclidean);
            AppendModel(hash, variant, NormKind.Infinity);
        }

        AppendClips(hash);
        AppendWrappers(hash);
        AppendLbfgs(hash);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void AppendSmall(IncrementalHash hash, OptimizerVariant variant, int highestExponent, bool infinities)
    {
        var random = new Random(1);
        IOptimizer optimizer = variant.Make(SmallLength, variant.Options, 0);
        var parameters = new float[SmallLength];
        var gradients = new float[SmallLength];
        Fill(parameters, random, ModelExponent, infinities: false);
        for (int step = 1; step <= SmallSteps; step++)
        {
            Fill(gradients, random, highestExponent, infinities);
            optimizer.Step(parameters, gradients, 0.1 / step);
        }

        Append(hash, parameters, optimizer.State);
    }

    // Large enough for several blocks, the last one incomplete.
    private static void AppendFormat(IncrementalHash hash, OptimizerVariant variant, StateFormat format)
    {
        var random = new Random(3);
        var optimizer = new Optimizer(variant.Shape(FormatLength), variant.Options, threads: 0, format);
        var parameters = new float[FormatLength];
        var gradients = new float[FormatLength];
        for (int step = 1; step <= LargeSteps; step++)
        {
            Fill(gradients, random, highestExponent: 30, infinities: step == LargeSteps);
            optimizer.Step(parameters, gradients, 0.1 / step);
        }

        Append(hash, parameters, optimizer.State);
    }

    // Large enough for several threads. Some tensors are divided at block boundaries, and some are not divided.
    private static void AppendModel(IncrementalHash hash, OptimizerVariant variant, NormKind norm)
    {
        var random = new Random(2);
        using var parameters = new ParameterSet();
        parameters.AddRange(("weight", [120, 250]), ("bias", [9_999]), ("scale", []));
        var optimizer = new ModelOptimizer(
            parameters,
            Catalogue.GroupsOf(variant.Options),
            new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { NormKind = norm }, ZeroGradients = true });
        foreach (Parameter parameter in parameters)
        {
            Fill(parameter.Values, random, ModelExponent, infinities: false);
        }

        for (int step = 0; step < LargeSteps; step++)
        {
            foreach (Parameter parameter in parameters)
            {
                Fill(parameter.Gradients, random, ModelExponent, infinities: false);
            }

            optimizer.Step();
        }

        foreach (Parameter parameter in parameters)
        {
            Append(hash, parameter.Values, optimizer.StateOf(parameter.Name));
        }
    }

    private static void AppendClips(IncrementalHash hash)
    {
        var random = new Random(3);
        var values = new float[9 * SmallLength];
        var gradients = new float[values.Length];
        foreach (Action clip in new Action[]
        {
            () => new ClipByValue { Limit = 0.1 }.Apply(gradients),
            () => new ClipByNorm { MaximumNorm = 0.1 }.Apply(gradients),
            () => new AdaptiveClip { Axis = 0 }.Apply(gradients, values, 9, SmallLength),
            () => new AdaptiveClip { Axis = 1 }.Apply(gradients, values, 9, SmallLength),
            () => new AdaptiveClip { Axis = 1 }.Apply(gradients, values, SmallLength, 3, 3),
        })
        {
            Fill(values, random, ModelExponent, infinities: false);
            Fill(gradients, random, ModelExponent, infinities: false);
            clip();
            Append(hash, gradients);
        }
    }

    private static void AppendWrappers(IncrementalHash hash)
    {
        var random = new Random(4);
        foreach (bool adaptive in new[] { false, true })
        {
            using var parameters = new ParameterSet();
            parameters.AddRange(("weight", [120, 250]), ("bias", [9_999]), ("scale", []));
            var lookahead = new Lookahead(
                new ModelOptimizer(parameters, new AdamOptions()), new LookaheadOptions { SynchronizationPeriod = 2 });
            var sam = new Sam(lookahead, new SamOptions { Rho = 0.5, Adaptive = adaptive });
            AveragedWeights[] averages =
                [new ExponentialMovingAverage(parameters, new() { Decay = 0.9, Warmup = true }), new WeightAverage(parameters)];
            for (int step = 0; step < LargeSteps; step++)
            {
                StepReport report = sam.Step(() =>
                {
                    foreach (Parameter parameter in parameters)
                    {
                        Fill(parameter.Gradients, random, ModelExponent, infinities: false);
                    }
                });
                Array.ForEach(averages, average => average.Update(report));
            }

            foreach (Parameter parameter in parameters)
            {
                Append(hash, parameter.Values);
                Append(hash, lookahead.SlowWeights(parameter.Name));
                Array.ForEach(averages, average => Append(hash, average[parameter.Name]));
            }
        }
    }

    // Longer than a block of a sum, and no multiple of any lane count.
    private static void AppendLbfgs(IncrementalHash hash)
    {
        foreach (LineSearch search in Enum.GetValues<LineSearch>())
        {
            var options = new LbfgsOptions { LineSearch = search, MaximumIterations = 12, HistorySize = 5 };
            float[] floats = Draw.Floats(4, FormatLength);
            new Lbfgs(FormatLength, options).Step(floats, LbfgsTests.FloatRosenbrock);
            Append(hash, floats);
            double[] doubles = [.. Draw.Floats(4, FormatLength)];
            Lbfgs.Minimize(doubles, LbfgsTests.Rosenbrock, options);
            hash.AppendData(MemoryMarshal.AsBytes(doubles.AsSpan()));
        }
    }

    private static void Fill(Span<float> values, Random random, int highestExponent, bool infinities)
    {
        foreach (ref float value in values)
        {
            value = random.Next(16) switch
            {
                0 => 0f,
                1 => -0f,
                2 => float.Epsilon,
                3 => Scaled(random, -148, -126),
                4 when infinities => random.Next(2) == 0 ? float.PositiveInfinity : float.NegativeInfinity,
                5 => Scaled(random, -126, highestExponent),
                _ => Scaled(random, -4, 4),
            };
        }
    }

    private static float Scaled(Random random, int lowest, int highest) =>
        MathF.ScaleB((2 * random.NextSingle()) - 1, random.Next(lowest, highest));

    private static void Append(IncrementalHash hash, ReadOnlySpan<float> parameters, OptimizerState state)
    {
        Append(hash, parameters);
        foreach (Slot slot in state.Slots)
        {
            var values = new float[slot.Length];
            state.Read(slot.Declared.Name, values);
            Append(hash, values);
        }
    }

    // IEEE 754 does not define the sign and payload of a computed NaN, and processors differ. All NaNs
    // therefore count as equal.
    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        float[] canonical = values.ToArray();
        foreach (ref float value in canonical.AsSpan())
        {
            value = float.IsNaN(value) ? float.NaN : value;
        }

        hash.AppendData(MemoryMarshal.AsBytes(canonical.AsSpan()));
    }
}
