using System.Runtime.CompilerServices;

namespace Optimizers.TorchSharp.Tests;

/// <summary>A garbage collection at the worst moment frees nothing that a step uses.</summary>
public sealed class FinalizerTests
{
    /// <summary>Collects in the middle of a step, when gradients have been taken and nothing is updated yet, and fills what is freed.</summary>
    private sealed class CollectingClip(int every) : IRewritingClip
    {
        public int Calls { get; private set; }

        public void Rewrite(ClipStep step, TensorGradient tensor)
        {
            if (Calls++ % every != 0)
            {
                return;
            }

            for (int i = 0; i < 2; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            for (int i = 0; i < 4; i++)
            {
                torch.full(tensor.Gradients.Length, float.NaN).Dispose();
            }
        }
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void CollectionInsideAStepFreesNothingInUse(bool strided)
    {
        using Network module = Networks.Mlp(), plain = Networks.Mlp();
        var clip = new CollectingClip(every: 1);
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions(), new ModelOptimizerOptions { Clip = clip });
        using var ofPlain = new ModuleOptimizer(plain, new AdamWOptions());
        for (int step = 0; step < 4; step++)
        {
            Backward(module, step, strided);
            Backward(plain, step, strided);
            optimizer.Step().Applied.Should().BeTrue();
            ofPlain.Step();
        }

        clip.Calls.Should().Be(16);
        module.AllValues().ShouldHaveTheBitsOf(plain.AllValues(), "values");
    }

    [TorchFact]
    public void CollectionInsideAStepOverRowsFreesNothingInUse()
    {
        // A clip is called for each row of a table, and a collection takes a tenth of a second in this process.
        var clip = new CollectingClip(every: 100);
        using var embedding = torch.nn.Embedding_from_pretrained(torch.zeros(500, 8), freeze: false, sparse: true);
        using var optimizer = new ModuleOptimizer(embedding, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { Clip = clip });
        for (int step = 0; step < 3; step++)
        {
            Lookup(embedding);
            optimizer.Step().Applied.Should().BeTrue();
        }

        clip.Calls.Should().Be(3 * 300, "a clip rewrites row by row");
        float[] values = embedding.weight!.Values();
        values.AsSpan(0, 300 * 8).IndexOfAnyExcept(-3f).Should().Be(-1);
        values.AsSpan(300 * 8).IndexOfAnyExcept(0f).Should().Be(-1);
    }

    /// <summary>Nothing but the parameters refers to the module, and nothing but a wrapper refers to the optimizer.</summary>
    [TorchFact]
    public void OptimizerKeepsItsModule()
    {
        Lookahead lookahead = Make(out ParameterSet parameters);
        for (int step = 0; step < 3; step++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            for (int i = 0; i < 4; i++)
            {
                torch.full(1000, float.NaN).Dispose();
            }

            lookahead.Step().Outcome.Should().Be(step == 0 ? StepOutcome.Applied : StepOutcome.NothingToUpdate);
        }

        parameters["w"].Values.IndexOfAnyExcept(4f).Should().Be(-1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Lookahead Make(out ParameterSet parameters)
    {
        var module = new OneParameter(torch.full(1000, 5f));
        var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        module.w.sum().backward();
        parameters = optimizer.Parameters;
        return new Lookahead(optimizer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lookup(global::TorchSharp.Modules.Embedding embedding) =>
        embedding.call(torch.arange(300)).sum().backward();

    // The gradients have no managed object, except in the strided case.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Backward(Network module, int batch, bool strided)
    {
        Networks.Backward(module, batch);
        if (strided)
        {
            TorchParameter weight = module.parameters().First();
            weight.grad = weight.grad!.t().contiguous().t();
        }
    }
}
