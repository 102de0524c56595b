namespace Optimizers.Tests;

/// <summary>State fades to zero and never becomes denormal; arithmetic with denormal numbers is many times slower.</summary>
public sealed class DenormalTests
{
    private const int Length = 67;
    private const int Steps = 2_050;

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void StateNeverContainsDenormals(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float[] parameters = Draw.Floats(1, Length);

        // From 1 down to 1e-21. The squares fade through the whole float range and below it, because no larger gradient follows.
        float[] gradients = [.. Draw.Floats(2, Length).Select((g, i) => (float)(g * Math.Pow(10, -21.0 * i / Length)))];
        for (int step = 0; step < Steps; step++)
        {
            optimizer.Step(parameters, gradients);
            foreach (string slot in optimizer.State.SlotNames)
            {
                foreach (float value in optimizer.State[slot])
                {
                    if (float.IsSubnormal(value))
                    {
                        Assert.Fail($"{slot} contains {value:R} after step {step}.");
                    }
                }
            }

            Array.Clear(gradients);
        }
    }
}
