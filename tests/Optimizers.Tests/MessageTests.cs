namespace Optimizers.Tests;

/// <summary>Exception messages contain the argument, its value, the place, and what to do.</summary>
public sealed class MessageTests
{
    [Fact]
    public void UnknownNameSuggestsTheNearest()
    {
        using var set = new ParameterSet();
        foreach (string name in new[] { "layer0.weight", "layer0.bias", "layer1.weight", "layer1.bias" })
        {
            set.Add(name, 2);
        }

        var model = new ModelOptimizer(set, new AdamWOptions());
        var average = new ExponentialMovingAverage(set);
        average.Update();
        const string Nearest = "*The most similar of the 4 names are \"layer0.weight\", \"layer1.weight\", \"layer*";
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
            ("There is no scalar \"d\". There are no scalars. *", () => model.StateOf("layer0.bias").Scalar("d")),
            ("There is no parameter \"w\" in the set. There are no parameters. *", () => _ = new ParameterSet()["w"]),
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
    public void IndexOutOfRangeIsShownWithItsBounds()
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

    /// <summary>The same mistake has the same message in every class.</summary>
    [Fact]
    public void WrongLengthIsShownWithTheExpectedOne()
    {
        using var set = new ParameterSet();
        Parameter table = set.AddTable("t", 10, 2);
        using var matrices = new ParameterSet();
        matrices.Add("w", 2);
        var sgd = new Sgd(3);
        var two = new float[2];
        const string Parameters = "There are 2 parameters, but the optimizer was created for 3. Pass 3, or create an optimizer for 2. *";
        const string Rows = "There are 3 values, but 2 rows of 2 elements have 4. Pass one value for each element. *";
        (string Message, Action Call)[] calls =
        [
            (Parameters, () => sgd.Step(two, new float[3])),
            (Parameters, () => RateFinder.Find(two, sgd, _ => 1)),
            (Parameters, () => RateSweep.Try(two, sgd, (_, _) => 1)),
            (Parameters, () => new Lbfgs(3).Step(two, (_, _) => 1)),
            ("There are 2 elements in the set, but the optimizer was created for 3. *", () => new Lbfgs(3).Step(matrices, () => 1)),
            ("There are 2 elements, but the optimizer was created for 3. *", () => new Sophia(3).UpdateHessian(two)),
            ("There are 2 gradients, but 3 parameters. Pass one gradient for each parameter. *", () => sgd.Step(new float[3], two)),
            (Rows, () => table.SetRowGradients([0, 1], new float[3])),
            (Rows, () => _ = new RowGradients([0, 1], new float[3], 2)),
            ("\"t\" is a table, which has gradients of some rows only, but Lbfgs needs the gradients of all elements. *", () => new Lbfgs(20).Step(set, () => 1)),
        ];
        foreach ((string message, Action call) in calls)
        {
            call.Should().Throw<ArgumentException>().WithMessage(message);
        }
    }

    /// <summary>The exception names the function that threw, and nothing has changed.</summary>
    [Fact]
    public void FunctionThatThrowsIsNamed()
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
            .Should().Throw<OperationCanceledException>("a search may be cancelled");
    }

    [Fact]
    public void UnusableRateIsReportedWithItsGroup()
    {
        using var set = new ParameterSet();
        set.Add("w", 2);
        var rates = new Dictionary<string, ParameterGroup>
        {
            ["The rate of group 0 (\"a\") is -1 in update 0*"] = new(new AdamWOptions()) { Name = "a", Schedule = new Own(-1) },
            ["The rate of group 0 is NaN in update 0*"] = new(new AdamWOptions()) { Schedule = new Own(double.NaN) },
            ["The rate of group 0 is 1E+39 in update 0*"] = new(new AdamWOptions()) { Schedule = new Own(1e39) },
            ["The MomentumSchedule of group 0 returned 1 in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(1) },
            ["The MomentumSchedule of group 0 returned 0.9999999999 in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(0.9999999999) },
            ["The MomentumSchedule of group 0 returned NaN in update 0*"] = new(new AdamWOptions()) { MomentumSchedule = new Own(double.NaN) },
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
