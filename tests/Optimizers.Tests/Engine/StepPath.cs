using System.Diagnostics;
using System.Reflection;

namespace Optimizers.Tests;

/// <summary>The calls from a public step to a rule's <c>Apply</c>, read from the stack inside the rule.</summary>
internal static class StepPath
{
    /// <summary>The argument with which the test assembly prints a path; the level of the step follows.</summary>
    public const string Argument = "step-path";

    /// <summary>
    /// Makes the runtime compile without optimisation, so every call has a stack frame. DOTNET_JitNoInline also stops inlining, but keeps
    /// tail calls, which have no frame.
    /// </summary>
    public const string RuntimeSwitch = "DOTNET_JITMinOpts";

    [ThreadStatic]
    private static List<string>? _calls;

    /// <summary>The step of the rule that takes the trace.</summary>
    public static Type StepType => GroupStep.Of(new TracedOptions()).GetType();

    /// <summary>Takes a step and prints one line for each call on the path, the public one first.</summary>
    public static void Print(string level)
    {
        _calls = [];
        float[] gradients = Draw.Floats(1, 64, 1);
        if (level == "1")
        {
            new Optimizer(64, new TracedOptions()).Step(new float[64], gradients, 0.01);
        }
        else
        {
            using var set = new ParameterSet();
            gradients.CopyTo(set.Add("weight", 8, 8).WritableGradients);
            new ModelOptimizer(set, new TracedOptions()).Step();
        }

        _calls.ForEach(Console.WriteLine);
    }

    // The loop calls the rule for each lane; the first call is traced.
    private static void Trace()
    {
        if (_calls is not { Count: 0 } calls)
        {
            return;
        }

        IEnumerable<MethodBase> frames = new StackTrace(skipFrames: 1).GetFrames().Select(frame => frame.GetMethod()!);
        calls.AddRange(frames.Reverse()
            .SkipWhile(method => method.DeclaringType!.Assembly != typeof(Optimizer).Assembly)
            .Select(method => $"{method.DeclaringType!.FullName}: {method.Name}"));
    }

    private sealed record TracedOptions : IOptimizerOptions
    {
        public double LearningRate { get; init; } = 0.01;

        public double WeightDecay { get; init; } = 0.01;

        public DecayForm DecayForm => DecayForm.Decoupled;

        public OptimizerDefinition Define() => OptimizerDefinition.Elementwise(
            step => new TracedRule(step), new StateSlot("exp_avg"), new StateSlot("exp_avg_sq") { NonNegative = true });
    }

    /// <summary>AdamW as a user of the package would write it.</summary>
    private readonly struct TracedRule(StepScalars step) : IUpdateRule2<TracedRule>
    {
        private readonly float _rate = (float)(step.LearningRate / step.BiasCorrection(0.9));
        private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(0.999)));

        public void Apply<V>(V gradient, ref V parameter, ref V slot0, ref V slot1)
            where V : struct, ILane<V>
        {
            Trace();
            slot0 = 0.9f * slot0 + 0.1f * gradient;
            slot1 = 0.999f * slot1 + 0.001f * gradient * gradient;
            parameter -= _rate * slot0 / (V.Sqrt(slot1) * _rootScale + V.Splat(1e-8f));
        }
    }
}
