namespace Optimizers.Tests;

/// <summary>A model of 65,536 tensors, and the update counts that its tensors share.</summary>
public sealed class ManyTensorsTests
{
    private const int Tensors = 65_536;

    [Fact]
    public void ModelOfManyTensorsHasTheBitsOfOneTensor()
    {
        int[] lengths = [.. Enumerable.Range(0, Tensors).Select(i => 1 + (i * 7 % 31))];
        int total = lengths.Sum();
        float[] start = Draw.Floats(1, total);
        float[][] gradients = Draw.Gradients(2, 3, total);
        float[] expected = [.. start];
        var whole = new AdamW(total, new AdamWOptions());
        using var set = new ParameterSet();
        set.AddRange([.. lengths.Select((length, i) => ($"p{i}", new[] { length }))]);
        Copy(start, set, gradients: false);
        var model = new ModelOptimizer(set, new AdamWOptions(), new() { Threads = 3 });
        foreach (float[] gradient in gradients)
        {
            whole.Step(expected, gradient);
            Copy(gradient, set, gradients: true);
            model.Step();
        }

        int place = 0;
        foreach (Parameter parameter in set)
        {
            parameter.Values.ToArray().ShouldHaveTheBitsOf(expected[place..(place + parameter.Length)], parameter.Name);
            place += parameter.Length;
        }

        model.StateOf("p65535").Iteration.Should().Be(3);
        Allocations.Of(() => model.Step()).Should().Be(0, "a warm step allocates nothing");
    }

    // The states share one count while they are updated together. Each change to one of them must leave the others alone.
    [Fact]
    public void TensorsThatAreUpdatedTogetherKeepTheirOwnCounts()
    {
        const int Length = 5;
        string[] names = ["a", "b", "c", "d"];
        using var set = new ParameterSet();
        set.AddRange([.. names.Select(name => (name, new[] { Length }))]);
        var alone = names.ToDictionary(name => name, _ => (Optimizer: new AdamW(Length, new AdamWOptions()), Values: Draw.Floats(1, Length)));
        foreach (Parameter parameter in set)
        {
            Draw.Floats(1, Length).CopyTo(parameter.Values);
        }

        var model = new ModelOptimizer(set, new AdamWOptions());
        OptimizerSnapshot? saved = null;
        for (int step = 0; step < 12; step++)
        {
            switch (step)
            {
                case 2:
                    set["b"].HasGradient = false;
                    break;
                case 4:
                    set["b"].HasGradient = true;
                    saved = model.StateOf("d").Save();
                    break;
                case 6:
                    model.StateOf("c").Reset();
                    alone["c"].Optimizer.State.Reset();
                    break;
                case 9:
                    model.StateOf("d").Load(saved!);
                    alone["d"].Optimizer.State.Load(saved!);
                    set["a"].HasGradient = false;
                    break;
                case 10:
                    set["a"].HasGradient = true;
                    break;
            }

            float[] gradients = Draw.Floats(100 + step, Length);
            foreach (Parameter parameter in set)
            {
                gradients.CopyTo(parameter.Gradients);
            }

            model.Step();
            foreach (string name in names.Where(name => set[name].HasGradient))
            {
                alone[name].Optimizer.Step(alone[name].Values, gradients);
            }

            foreach (string name in names)
            {
                model.StateOf(name).Save().ShouldHaveTheBitsOf(alone[name].Optimizer.State.Save(), $"{name} after step {step}");
                set[name].Values.ToArray().ShouldHaveTheBitsOf(alone[name].Values, $"{name} after step {step}");
            }
        }
    }

    private static void Copy(float[] source, ParameterSet set, bool gradients)
    {
        int place = 0;
        foreach (Parameter parameter in set)
        {
            source.AsSpan(place, parameter.Length).CopyTo(gradients ? parameter.Gradients : parameter.Values);
            place += parameter.Length;
        }
    }
}
