namespace Optimizers.Tests;

/// <summary>What exceptions say: the argument, its value, the place, and what to do about it.</summary>
public sealed class MessageTests
{
    [Fact]
    public void AnUnknownNameGetsTheNearest()
    {
        using var set = new ParameterSet();
        foreach (string name in new[] { "layer0.weight", "layer0.bias", "layer1.weight", "layer1.bias" })
        {
            set.Add(name, 2);
        }

        var model = new ModelOptimizer(set, new AdamWOptions());
        var average = new ExponentialMovingAverage(set);
        average.Update();
        const string Nearest = "*The nearest of the 4 names are \"layer0.weight\", \"layer1.weight\", \"layer*";
        (string Message, Action Call)[] calls =
        [
            ("There is no parameter \"layer0.wieght\" in the set. " + Nearest, () => _ = set["layer0.wieght"]),
            ("There is no parameter \"layer0.wieght\" in the model. " + Nearest, () => model.StateOf("layer0.wieght")),
            ("There is no parameter \"layer0.wieght\" in the model. " + Nearest, () => model.OptionsOf("layer0.wieght")),
            ("There is no parameter \"LAYER0.WEIGHT\" in the model. " + Nearest, () => model.StateOf("LAYER0.WEIGHT")),
            ("There is no parameter \"layer0.wieght\" in the model. " + Nearest, () => model.UpdateHessian("layer0.wieght", new float[2])),
            ("There is no parameter \"layer0.wieght\" *averaged set. " + Nearest, () => _ = average["layer0.wieght"]),
            ("There is no parameter \"layer0.wieght\" *slow weights. " + Nearest, () => new Lookahead(model).SlowWeights("layer0.wieght")),
            ("There is no slot \"exp_avg_sqr\". There are \"exp_avg_sq\", \"exp_avg\". *", () => _ = model.StateOf("layer0.bias")["exp_avg_sqr"]),
            ("There is no slot \"\". *", () => model.StateOf("layer0.bias").Read(string.Empty, [])),
            ("There is no scalar \"d\". There is no scalar at all. *", () => model.StateOf("layer0.bias").Scalar("d")),
            ("There is no parameter \"w\" in the set. There is no parameter at all. *", () => _ = new ParameterSet()["w"]),
            ("The parameter \"layer0.bias\" is updated by AdamW, not by Sophia*", () => model.UpdateHessian("layer0.bias", new float[2])),
        ];
        foreach ((string message, Action call) in calls)
        {
            call.Should().Throw<ArgumentException>().WithParameterName("name").WithMessage(message);
        }

        set.Add("layer2.weight", 2);
        model.Invoking(late => late.StateOf("layer2.weight")).Should().Throw<ArgumentException>().WithMessage("*added*Take a step first*");
        average.Invoking(late => _ = late["layer2.weight"]).Should().Throw<ArgumentException>().WithMessage("*no average*yet. Call Update*");
    }

    [Fact]
    public void AnIndexOutsideIsShownWithItsBounds()
    {
        using var set = new ParameterSet();
        Parameter table = set.AddTable("t", 10, 1);
        set.Add("w", 4, 3);
        (string Message, Action Call)[] calls =
        [
            ("rows[3] = 12 is outside [0, 10).*", () => table.SetRowGradients([0, 1, 2, 12], new float[4])),
            ("rows[0] = -1 is outside [0, 10).*", () => table.SetRowGradients([-1], new float[1])),
            ("rows[1] = 10 is outside [0, 10).*", () => new Sgd(10).Step(new float[10], new RowGradients([9, 10], new float[2], 1))),
            ("index = 2 is outside [0, 2).*", () => _ = set[2]),
            ("index = -1 is outside [0, 2).*", () => _ = set[-1]),
        ];
        foreach ((string message, Action call) in calls)
        {
            call.Should().Throw<ArgumentOutOfRangeException>().WithMessage(message);
        }
    }

    /// <summary>The exception says whose function threw, and nothing has changed.</summary>
    [Fact]
    public void AFunctionThatThrowsIsNamed()
    {
        var thrown = new FormatException("mine");
        using var set = new ParameterSet();
        set.Add("w", 2).Gradients.Fill(1);
        bool throws = true;
        ParameterGroup[] groups =
        [
            new(new SgdOptions()) { Where = p => p.Shape.Count == 2, MayBeEmpty = true },
            new(new AdamOptions()) { Name = "rest", Where = p => throws && p.Name != "w" ? throw thrown : true },
        ];
        var model = new ModelOptimizer(set, groups);
        model.Step();
        set.Add("late", 3);
        float[] before = set["w"].Values.ToArray();
        foreach (Action call in new Action[] { () => model.Step(), () => model.Describe(), () => _ = new ModelOptimizer(set, groups) })
        {
            call.Should().Throw<InvalidOperationException>()
                .WithMessage("The predicate Where of group 1 (\"rest\") threw for the parameter late [3]: mine")
                .Which.InnerException.Should().BeSameAs(thrown);
        }

        set["w"].Values.ToArray().ShouldHaveTheBitsOf(before, "values");
        model.UpdateCount.Should().Be(1);
        model.StateOf("w").Iteration.Should().Be(1);
        throws = false;
        model.Step().Updated.Should().Be(2);

        new Action(() => RateFinder.Find(model, rate => rate > 1e-6 ? throw thrown : 1))
            .Should().Throw<InvalidOperationException>().WithMessage("The function step threw in its call 2 at the rate 1*: mine*")
            .Which.InnerException.Should().BeSameAs(thrown);
        new Action(() => RateSweep.Try(model, (_, step) => step == 1 ? throw thrown : 1))
            .Should().Throw<InvalidOperationException>().WithMessage("The function step threw in its call 2 at the rate *: mine*")
            .Which.InnerException.Should().BeSameAs(thrown);
        new Action(() => RateFinder.Find(model, _ => throw new OperationCanceledException()))
            .Should().Throw<OperationCanceledException>("a search may be stopped");
    }

    [Fact]
    public void ARateThatCannotBeUsedIsThatOfAGroup()
    {
        using var set = new ParameterSet();
        set.Add("w", 2);
        var rates = new Dictionary<string, ParameterGroup>
        {
            ["The rate of group 0 (\"a\") is -1 in update 0*"] = new(new AdamWOptions()) { Name = "a", Schedule = new Own(-1) },
            ["The rate of group 0 is NaN in update 0*"] = new(new AdamWOptions()) { Schedule = new Own(double.NaN) },
            ["The rate of group 0 is 1E+39 in update 0*"] = new(new AdamWOptions()) { Schedule = new Own(1e39) },
            ["The MomentumSchedule of group 0 gave 1 in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(1) },
            ["The MomentumSchedule of group 0 gave 0.9999999999 in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(0.9999999999) },
            ["The MomentumSchedule of group 0 gave NaN in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(double.NaN) },
            ["The weight decay of group 0 is -1 in update 0*"] = new(new AdamWOptions()) { WeightDecaySchedule = new Own(-1) },
            ["The weight decay of group 0 is Infinity in update 0*"] = new(new AdamWOptions()) { WeightDecaySchedule = new Own(double.PositiveInfinity) },
        };
        foreach ((string message, ParameterGroup group) in rates)
        {
            var model = new ModelOptimizer(set, [group]);
            model.Invoking(refused => refused.Step()).Should().Throw<ArgumentOutOfRangeException>().WithMessage(message);
            model.UpdateCount.Should().Be(0);
        }
    }

    private sealed class Own(double rate) : ILrSchedule
    {
        public double At(long step) => rate;
    }
}
