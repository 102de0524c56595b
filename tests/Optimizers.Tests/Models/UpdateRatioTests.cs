namespace Optimizers.Tests;

/// <summary>The measured ratio of the update to the weights.</summary>
public sealed class UpdateRatioTests
{
    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void MeasuredUpdateRatioIsCorrectAndChangesNoBit(string name)
    {
        const int Length = 10_001;
        OptimizerVariant variant = Catalogue.Variant(name);
        using var measured = new ParameterSet();
        using var plain = new ParameterSet();
        foreach (ParameterSet set in new[] { measured, plain })
        {
            set.Add("a", variant.Shape(Length));
            Draw.Floats(1, Length).CopyTo(set["a"].Values);
        }

        var watched = new ModelOptimizer(measured, variant.Options, new() { MeasureUpdates = true });
        var unwatched = new ModelOptimizer(plain, variant.Options);
        for (int step = 0; step < 3; step++)
        {
            float[] before = measured["a"].Values.ToArray();
            Draw.Floats(2 + step, Length).CopyTo(measured["a"].Gradients);
            Draw.Floats(2 + step, Length).CopyTo(plain["a"].Gradients);
            double ratio = watched.Step().LargestUpdateRatio;
            unwatched.Step().LargestUpdateRatio.Should().Be(double.NaN);
            double moved = 0, weight = 0;
            for (int i = 0; i < Length; i++)
            {
                moved += Math.Pow(measured["a"].Values[i] - before[i], 2);
                weight += Math.Pow(before[i], 2);
            }

            ratio.Should().BeApproximately(Math.Sqrt(moved / weight), 1e-6 * ratio);
            ratio.Should().Be(watched.UpdateRatioOf(watched.Groups[0]));
        }

        measured["a"].Values.ToArray().ShouldHaveTheBitsOf(plain["a"].Values.ToArray(), "values");
        watched.StateOf("a").Save().ShouldHaveTheBitsOf(unwatched.StateOf("a").Save(), "state");
    }

    [Fact]
    public void ZeroWeightsHaveNoUpdateRatio()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("zero", [5]));
        set["a"].Values.Fill(2);
        set["a"].Gradients.Fill(1);
        set["zero"].Gradients.Fill(1);
        new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { MeasureUpdates = true }).Step()
            .LargestUpdateRatio.Should().Be(0.5);
    }
}
