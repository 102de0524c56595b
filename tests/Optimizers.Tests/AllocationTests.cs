namespace Optimizers.Tests;

/// <summary>A step allocates no memory.</summary>
public sealed class AllocationTests
{
    // Enough for a second thread.
    private const int Length = 60_000;

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void StepAllocatesNothing(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] parameters = Draw.Floats(1, Length);
        float[] gradients = Draw.Floats(2, Length);
        for (int threads = 1; threads <= 2; threads++)
        {
            IOptimizer optimizer = variant.Make(Length, variant.Options, threads);
            Allocations.Of(() => optimizer.Step(parameters, gradients, 1e-3)).Should().Be(0, $"a step on {threads} threads must not allocate");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void StepOfAModelAllocatesNothing(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        using var set = new ParameterSet();
        set.AddRange(("large", variant.Shape(Length)), ("frozen", [3]), ("missing", [70]), ("scalar", []));
        Draw.Floats(1, Length).CopyTo(set["large"].Values);
        set["missing"].HasGradient = false;
        var schedule = new WarmupCosine(1e-3, 5, 100);
        for (int threads = 1; threads <= 2; threads++)
        {
            var options = new ModelOptimizerOptions
            {
                Clip = new ClipByGlobalNorm(),
                Schedule = schedule,
                ZeroGradients = true,
                Threads = threads,
            };
            var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "frozen", Frozen = true };
            var optimizer = new ModelOptimizer(set, [frozen, .. Catalogue.GroupsOf(variant.Options)], options);
            Allocations.Of(() =>
            {
                set["large"].Gradients.Fill(0.5f);
                optimizer.Step();
            }).Should().Be(0, $"a step on {threads} threads must not allocate");
        }
    }
}
