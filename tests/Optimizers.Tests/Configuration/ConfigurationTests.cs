using System.Reflection;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>Optimizers and schedules by name and from JSON.</summary>
public sealed class ConfigurationTests
{
    private static readonly string[] _schedules =
    [
        """{"kind":"Clamp","inner":{"kind":"Constant","value":0.5},"minimum":0.1,"maximum":0.2}""",
        """{"kind":"Constant","value":0.001}""",
        """{"kind":"Cosine","peak":0.1,"steps":10,"floor":0.01}""",
        """{"kind":"CosineRestarts","peak":0.1,"period":10,"periodMultiplier":2,"peakMultiplier":0.5,"floor":0.001}""",
        """{"kind":"Cyclic","base":0.01,"peak":0.1,"stepsUp":5,"stepsDown":null,"mode":"ExponentialRange","gamma":0.99,"minimumMomentum":0.7,"maximumMomentum":0.8}""",
        """{"kind":"Epochs","inner":{"kind":"Exponential","initial":0.1,"gamma":0.9},"stepsPerEpoch":7,"inEpochs":true}""",
        """{"kind":"Exponential","initial":0.1,"gamma":0.9}""",
        """{"kind":"ExponentialDecay","initial":0.1,"decaySteps":3,"decayRate":0.5,"staircase":true,"begin":2,"floor":0.01}""",
        """{"kind":"InverseSquareRoot","peak":0.1,"warmupSteps":4,"timescale":null}""",
        """{"kind":"InverseTime","initial":0.1,"decaySteps":3,"decayRate":0.5,"staircase":false}""",
        """{"kind":"Linear","start":0.1,"end":0.01,"steps":9,"begin":1}""",
        """{"kind":"MultiStep","initial":0.1,"milestones":[3,5,5],"gamma":0.5}""",
        """{"kind":"Noam","modelSize":512,"warmupSteps":40,"factor":2}""",
        """{"kind":"OneCycle","peak":0.1,"totalSteps":20,"warmupFraction":0.4,"shape":"Linear","initialDivisor":20,"finalDivisor":100,"threePhase":true,"minimumMomentum":0.8,"maximumMomentum":0.9}""",
        """{"kind":"PiecewiseConstant","boundaries":[2,4],"values":[0.1,0.2,0.05]}""",
        """{"kind":"Polynomial","start":0.1,"end":0.01,"power":2,"steps":9,"begin":1}""",
        """{"kind":"Product","one":{"kind":"Constant","value":0.5},"other":{"kind":"Cosine","peak":1,"steps":10,"floor":0}}""",
        """{"kind":"ReduceOnPlateau","initial":0.1,"mode":"Max","factor":0.5,"patience":3,"threshold":0.01,"thresholdMode":"Absolute","cooldown":1,"floor":0.001,"epsilon":1E-09,"name":"mine"}""",
        """{"kind":"Sequence","schedules":[{"kind":"Constant","value":0.5},{"kind":"Warmup","inner":{"kind":"Constant","value":0.1},"steps":3,"start":0.01}],"milestones":[4]}""",
        """{"kind":"Shift","inner":{"kind":"Linear","start":0.1,"end":0,"steps":9,"begin":0},"steps":-3}""",
        """{"kind":"StepDecay","initial":0.1,"stepSize":4,"gamma":0.5}""",
        """{"kind":"SwaAnneal","initial":0.1,"swaRate":0.05,"annealSteps":5,"shape":"Cosine"}""",
        """{"kind":"Tanh","initial":0.1,"steps":10,"floor":0.01,"lowerBound":-5,"upperBound":4}""",
        """{"kind":"Warmup","inner":{"kind":"Cosine","peak":0.1,"steps":10,"floor":0},"steps":3,"start":0}""",
        """{"kind":"WarmupConstant","peak":0.1,"warmupSteps":3,"start":0}""",
        """{"kind":"WarmupCosine","peak":0.1,"warmupSteps":3,"totalSteps":10,"floor":0.01,"start":0.001}""",
        """{"kind":"WarmupLinear","peak":0.1,"warmupSteps":3,"totalSteps":10,"floor":0.01,"start":0.001}""",
        """{"kind":"WarmupStableDecay","peak":0.1,"warmupSteps":3,"stableSteps":4,"decaySteps":5,"floor":0.01,"decayShape":"Linear"}""",
    ];

    public static TheoryData<string> ScheduleTexts() => [.. _schedules];

    [Fact]
    public void EveryOptimizerHasAName()
    {
        OptimizerConfiguration.Names.Should().BeEquivalentTo(Catalogue.Optimizers.Select(row => row.Type.Name));
        OptimizerConfiguration.Names.Should().BeInAscendingOrder(StringComparer.Ordinal);
    }

    [Fact]
    public void EveryScheduleHasAName()
    {
        ScheduleConfiguration.Names.Should().BeEquivalentTo(
            Catalogue.Schedules.Keys.Concat(["Clamp", "Epochs", "Product", "Shift", "Warmup"]));
        ScheduleConfiguration.Names.Should().BeInAscendingOrder(StringComparer.Ordinal);
        _schedules.Select(text => JsonElement.Parse(text).GetProperty("kind").GetString())
            .Should().Equal(ScheduleConfiguration.Names, "the test covers every name");
    }

    [Fact]
    public void TablesContainEveryOptionsRecordScheduleAndClip()
    {
        Type[] types = [.. typeof(Optimizer).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false })];
        Type[] named =
        [
            .. new[] { typeof(IOptimizerOptions), typeof(ILrSchedule), typeof(IGradientClip) }
                .SelectMany(kind => ConfigurationRegistry.Default.ListOf(kind)!.Types.Select(named => named.Type)),
        ];
        named.Should().OnlyHaveUniqueItems().And.BeEquivalentTo(types.Where(type =>
            (typeof(IOptimizerOptions).IsAssignableFrom(type) || typeof(ILrSchedule).IsAssignableFrom(type) || typeof(IGradientClip).IsAssignableFrom(type))
            && type != typeof(FunctionSchedule)
            && type != typeof(OneCyclePhases)
            && type != typeof(CyclicTriangles)), "a function, and the momentum of a cycle, cannot be written as JSON");
        ConfigurationRegistry.Default.Optimizers.Types.Should().OnlyContain(named => $"{named.Name}Options" == named.Type.Name);
        ConfigurationRegistry.Default.Schedules.Types.Should().OnlyContain(named => named.Name == named.Type.Name);
        ConfigurationRegistry.Default.ListOf(typeof(IGradientClip))!.Types.Should().OnlyContain(named => named.Name == named.Type.Name);
    }

    [Fact]
    public void EachNamedTypeHasAJsonContextOfItsOwn()
    {
        NamedType[] all =
        [
            .. new[] { typeof(IOptimizerOptions), typeof(ILrSchedule), typeof(IGradientClip) }
                .SelectMany(kind => ConfigurationRegistry.Default.ListOf(kind)!.Types),
        ];
        foreach (NamedType named in all)
        {
            all.Where(other => other.Contracts.GetTypeInfo(named.Type, JsonSerializerOptions.Default) is not null)
                .Should().Equal([named], "a native program compiles every type of a context that it reaches");
            typeof(INamed).IsAssignableFrom(named.Type).Should().BeTrue(named.Name);
        }

        all.Select(named => named.Defaults).OfType<INamed>().Should().OnlyContain(value => all.Contains(value.Named) && value.Named.Type == value.GetType());
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void EveryOptionIsInTheJson(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        JsonElement.Parse(OptimizerConfiguration.ToJson(options)).EnumerateObject().Skip(1).Select(property => property.Name)
            .Should().BeEquivalentTo(options.GetType().GetProperties().Where(property => property.CanWrite)
                .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)));
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void OptionsSurviveARoundTrip(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        string json = OptimizerConfiguration.ToJson(options);
        OptimizerConfiguration.Parse(json).Should().Be(options);
        JsonElement element = JsonElement.Parse(json);
        OptimizerConfiguration.Parse(element).Should().Be(options);
        foreach (JsonProperty property in element.EnumerateObject().Skip(1))
        {
            options.GetType().GetProperty(char.ToUpperInvariant(property.Name[0]) + property.Name[1..])!.CanWrite.Should().BeTrue(property.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void OptimizerByNameHasTheBitsOfOneByType(string name)
    {
        const int Length = 300;
        OptimizerVariant variant = Catalogue.Variant(name);
        string json = OptimizerConfiguration.ToJson(variant.Options);
        string kind = JsonElement.Parse(json).GetProperty("kind").GetString()!;
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, 3, Length);
        int[] shape = variant.Shape(Length);
        Outcome expected = Outcome.Of(new Optimizer(shape, variant.Options), start, gradients);
        Outcome.Of(OptimizerConfiguration.Create(kind, shape, json), start, gradients).ShouldHaveTheBitsOf(expected, name);
    }

    [Fact]
    public void MissingOptionsHaveTheirDefaults()
    {
        OptimizerConfiguration.CreateOptions("adamw").Should().Be(new AdamWOptions());
        OptimizerConfiguration.Parse("""{"KIND": "ADAMW", "Beta2": 0.95}""").Should().Be(new AdamWOptions { Beta2 = 0.95 });
        ScheduleConfiguration.Create("cosine", """{"peak": 0.1, "steps": 7}""").Should().Be(new Cosine(0.1, 7));
        OptimizerConfiguration.Create("ScheduleFreeSgd", 3).Should().BeAssignableTo<ScheduleFreeOptimizer>();
        OptimizerConfiguration.Create("ScheduleFreeAdamW", 3).Should().BeAssignableTo<ScheduleFreeOptimizer>();
        OptimizerConfiguration.Create("ScheduleFreeSgd", [3, 2]).Should().BeAssignableTo<ScheduleFreeOptimizer>().Which.State.Length.Should().Be(6);
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void OptimizerByNameHasItsClass(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        int[] shape = row.ShapeOf(row.Defaults, 12);
        string json = OptimizerConfiguration.ToJson(row.Defaults);
        List<IOptimizer> made = [OptimizerConfiguration.Create(name, shape), OptimizerConfiguration.Create(name.ToUpperInvariant(), shape, json, 1)];
        if (shape.Length == 1)
        {
            made.AddRange([OptimizerConfiguration.Create(name, 12), OptimizerConfiguration.Create(name, [3, 4], json), OptimizerConfiguration.Create(name, 12, json, 1)]);
        }

        foreach (IOptimizer optimizer in made)
        {
            optimizer.Should().BeOfType(row.Type);
            optimizer.Clone().Should().BeOfType(row.Type);
            optimizer.State.Length.Should().Be(12);
        }
    }

    [Fact]
    public void OptimizerByNameHasTheMembersOfItsClass()
    {
        var sophia = (Sophia)OptimizerConfiguration.Create("Sophia", 2, """{"beta2": 0, "hessianInterval": 3}""");
        sophia.NeedsHessian.Should().BeTrue();
        sophia.UpdateHessian([3f, 4f]);
        sophia.State["hessian"].ToArray().Should().Equal(3, 4);
        sophia.Step((float[])[1, 1], (float[])[1, 1]);
        sophia.NeedsHessian.Should().BeFalse();

        var free = (ScheduleFreeOptimizer)OptimizerConfiguration.Create("ScheduleFreeAdamW", [2, 1]);
        float[] parameters = [1, 2];
        free.Step(parameters, (float[])[1, 1]);
        free.Evaluate(parameters);
        free.IsEvaluating.Should().BeTrue();

        foreach (string name in new[] { "Sgd", "AdaGrad", "AdamW", "SparseAdam" })
        {
            float[] table = [1, 2, 3, 4];
            OptimizerConfiguration.Create(name, [2, 2]).Step(table, new RowGradients((int[])[1], (float[])[1, 1], 2), 0.5);
            table[..2].Should().Equal(1, 2);
            table[2].Should().NotBe(3);
        }
    }

    [Theory]
    [InlineData("AdamW", new[] { 3, -1 }, "shape", "-1")]
    [InlineData("AdamW", new[] { 1 << 20, 1 << 20 }, "shape", "1048576, 1048576")]
    [InlineData("Muon", new[] { 1 << 20, 1 << 20 }, "shape", "1048576, 1048576")]
    public void InvalidShapeThrows(string name, int[] shape, string argument, string value)
    {
        FluentActions.Invoking(() => OptimizerConfiguration.Create(name, shape)).Should().Throw<ArgumentException>()
            .WithParameterName(argument).WithMessage($"*{value}*");
        FluentActions.Invoking(() => OptimizerConfiguration.Create("AdamW", -2)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("length");
    }

    [Theory]
    [MemberData(nameof(ScheduleTexts))]
    public void EveryScheduleArgumentHasItsDefault(string text)
    {
        ILrSchedule full = ScheduleConfiguration.Parse(text);
        ConstructorInfo constructor = full.GetType().GetConstructors().Single();
        ParameterInfo[] parameters = constructor.GetParameters();
        JsonProperty[] given = [.. JsonElement.Parse(text).EnumerateObject().Skip(1)];
        string[] required = [.. parameters.Where(parameter => !parameter.HasDefaultValue).Select(parameter => parameter.Name!)];

        // The gamma of a cycle is refused in the modes that do not use it. The default mode is one of these.
        string[] optional = [.. given.Select(property => property.Name).Except(required).Where(name => full is not Cyclic || name != "gamma")];

        foreach (string? alone in optional.Prepend(null))
        {
            var expected = (ILrSchedule)constructor.Invoke([.. parameters.Select(parameter =>
                required.Contains(parameter.Name) || parameter.Name == alone ? ValueOf(full, parameter.Name!) : parameter.DefaultValue)]);
            string json = Object([.. given.Where(property => required.Contains(property.Name) || property.Name == alone)]);
            ILrSchedule actual = ScheduleConfiguration.Create(full.GetType().Name, json);

            // A schedule with a history is equal only to itself.
            if (actual is ReduceOnPlateau plateau)
            {
                plateau.Name.Should().Be(alone == "name" ? "mine" : "reduce_on_plateau");
                plateau.ToString().Should().Be(expected.ToString(), json);
            }
            else
            {
                actual.Should().Be(expected, json);
            }

            ScheduleConfiguration.ToJson(ScheduleConfiguration.Parse(ScheduleConfiguration.ToJson(actual))).Should().Be(ScheduleConfiguration.ToJson(actual));
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void EveryOptionHasItsDefault(string name)
    {
        IOptimizerOptions full = Catalogue.Variant(name).Options;
        JsonProperty[] given = [.. JsonElement.Parse(OptimizerConfiguration.ToJson(full)).EnumerateObject()];
        string kind = given[0].Value.GetString()!;
        IOptimizerOptions defaults = Catalogue.Row(kind).Defaults;
        OptimizerConfiguration.CreateOptions(kind).Should().Be(defaults);
        foreach (JsonProperty alone in given.Skip(1))
        {
            // By default Adan has its decay in the rule, so it cannot be cautious.
            if ((kind, alone.Name, alone.Value.ValueKind) == ("Adan", "cautious", JsonValueKind.True))
            {
                FluentActions.Invoking(() => OptimizerConfiguration.CreateOptions(kind, Object([alone]))).Should().Throw<ArgumentException>()
                    .WithMessage("Cautious cannot be set*");
                continue;
            }

            IOptimizerOptions actual = OptimizerConfiguration.CreateOptions(kind, Object([alone]));
            foreach (PropertyInfo property in full.GetType().GetProperties().Where(property => property.CanWrite))
            {
                bool isIt = string.Equals(property.Name, alone.Name, StringComparison.OrdinalIgnoreCase);
                property.GetValue(actual).Should().Be(property.GetValue(isIt ? full : defaults), $"{property.Name} with {alone}");
            }

            OptimizerConfiguration.Parse(OptimizerConfiguration.ToJson(actual)).Should().Be(actual);
        }
    }

    [Fact]
    public void NestedSchedulesHaveTheirDefaults()
    {
        const string Plateau = """{"kind": "ReduceOnPlateau", "initial": 0.1}""";
        foreach (string text in new[]
        {
            $$"""{"kind": "Warmup", "steps": 3, "inner": {{Plateau}}}""",
            $$"""{"kind": "Epochs", "stepsPerEpoch": 3, "inner": {{Plateau}}}""",
            $$"""{"kind": "Clamp", "minimum": 0, "maximum": 1, "inner": {{Plateau}}}""",
            $$"""{"kind": "Shift", "steps": 0, "inner": {{Plateau}}}""",
            $$"""{"kind": "Product", "one": {"kind": "Constant", "value": 1}, "other": {{Plateau}}}""",
            $$"""{"kind": "Sequence", "milestones": [], "schedules": [{{Plateau}}]}""",
            $$"""{"kind": "Warmup", "steps": 0, "inner": {"kind": "Sequence", "milestones": [0], "schedules": [{"kind": "OneCycle", "peak": 1, "totalSteps": 3}, {{Plateau}}] } }""",
        })
        {
            ILrSchedule schedule = ScheduleConfiguration.Parse(text);
            schedule.At(9).Should().Be(0.1, text);
            string json = ScheduleConfiguration.ToJson(schedule);
            json.Should().Contain("\"patience\":10").And.Contain("\"name\":\"reduce_on_plateau\"");
            ScheduleConfiguration.ToJson(ScheduleConfiguration.Parse(json)).Should().Be(json);
        }
    }

    [Theory]
    [MemberData(nameof(ScheduleTexts))]
    public void SchedulesSurviveARoundTrip(string json)
    {
        ILrSchedule schedule = ScheduleConfiguration.Parse(json);
        ScheduleConfiguration.ToJson(schedule).Should().Be(json);
        ILrSchedule again = ScheduleConfiguration.Parse(JsonElement.Parse(json));
        foreach (long step in new[] { 0, 1, 3, 4, 9, 100 })
        {
            again.At(step).Should().Be(schedule.At(step));
        }
    }

    [Theory]
    [InlineData("1e3", 1_000)]
    [InlineData("1000.0", 1_000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void IntegersMayBeWrittenInAnyNotation(string text, long steps)
    {
        ScheduleConfiguration.Parse($$"""{"kind": "Cosine", "peak": 1, "steps": {{text}}}""").Should().Be(new Cosine(1, steps));
        ScheduleConfiguration.Parse($$"""{"kind": "MultiStep", "initial": 1, "milestones": [{{text}}]}""").Should().Be(new MultiStep(1, [steps]));
    }

    [Fact]
    public void DeepDocumentsAreReadOrRefusedByDepth()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("""{"kind":"Warmup","steps":1,"inner":""", depth))
            + """{"kind":"Constant","value":1}""" + new string('}', depth);
        ILrSchedule schedule = ScheduleConfiguration.Parse(Nested(100));
        ScheduleConfiguration.Parse(ScheduleConfiguration.ToJson(schedule)).Should().Be(schedule);
        FluentActions.Invoking(() => ScheduleConfiguration.Parse(Nested(200_000))).Should().Throw<ArgumentException>().WithMessage("*depth*128*");
    }

    [Fact]
    public void LongListIsRead()
    {
        string milestones = string.Join(',', Enumerable.Range(1, 50_000));
        var schedule = (MultiStep)ScheduleConfiguration.Parse($$"""{"kind": "MultiStep", "initial": 1, "milestones": [{{milestones}}]}""");
        schedule.Milestones.Should().HaveCount(50_000);
        FluentActions.Invoking(() => OptimizerConfiguration.CreateOptions(new string('x', 100_000)))
            .Should().Throw<ArgumentException>().Which.Message.Length.Should().BeLessThan(500);
        FluentActions.Invoking(() => OptimizerConfiguration.CreateOptions("AdamW", $$"""{"beta1": [{{milestones}}]}"""))
            .Should().Throw<ArgumentException>().Which.Message.Length.Should().BeLessThan(500);
    }

    [Fact]
    public void CompositionsHaveJson()
    {
        ILrSchedule schedule = new Cosine(0.1, 50).WithWarmup(5).Scale(0.5).Clamp(0.01, 0.04).Shift(2).PerEpoch(3).Then(40, new Constant(0.001));
        ILrSchedule again = ScheduleConfiguration.Parse(ScheduleConfiguration.ToJson(schedule));
        again.Should().Be(schedule);
        again.At(23).Should().Be(schedule.At(23));
    }

    [Fact]
    public void LbfgsHasANameAndJson()
    {
        var options = new LbfgsOptions { HistorySize = 7, LineSearch = LineSearch.StrongWolfe, MaximumEvaluations = 30 };
        string json = LbfgsConfiguration.ToJson(options);
        json.Should().StartWith("""{"kind":"Lbfgs",""").And.Contain("\"StrongWolfe\"");
        LbfgsConfiguration.Parse(json).Should().Be(options);
        LbfgsConfiguration.Parse("{}").Should().Be(new LbfgsOptions());
        LbfgsConfiguration.Create(3, """{"historysize": 5}""").Options.Should().Be(new LbfgsOptions { HistorySize = 5 });
        foreach ((string text, string message) in new[]
        {
            ("""{"kind": "Lbfsg"}""", "*no minimizer \"Lbfsg\"*most similar first, are: Lbfgs*"),
            ("""{"history": 5}""", "*Lbfgs has no option \"history\"*most similar first, are: historySize, *"),
            ("""{"historySize": 0}""", "*HistorySize*0*"),
            ("[1]", "*a minimizer must be an object*"),
        })
        {
            FluentActions.Invoking(() => LbfgsConfiguration.Parse(text)).Should().Throw<ArgumentException>().WithMessage(message);
        }
    }

    [Theory]
    [InlineData("lr", "learningRate")]
    [InlineData("LR", "learningRate")]
    [InlineData("l_rate", "learningRate")]
    [InlineData("rate", "learningRate")]
    [InlineData("eps", "epsilon")]
    [InlineData("wd", "weightDecay")]
    [InlineData("decay", "weightDecay")]
    [InlineData("weight_decay", "weightDecay")]
    [InlineData("b2", "beta2")]
    [InlineData("beta_2", "beta2")]
    [InlineData("ams", "amsGrad")]
    [InlineData("lerningRate", "learningRate")]
    [InlineData("maximise", "maximize")]
    public void AbbreviationSuggestsTheFullName(string given, string expected) =>
        FluentActions.Invoking(() => OptimizerConfiguration.CreateOptions("AdamW", $"{{\"{given}\": 1}}")).Should().Throw<ArgumentException>()
            .WithMessage($"*no option \"{given}\". The valid names, most similar first, are: {expected}, *");

    [Theory]
    [InlineData("optimizer", "an optimizer")]
    [InlineData("AdamW", "an AdamW")]
    [InlineData("schedule", "a schedule")]
    [InlineData("LossScaler", "a LossScaler")]
    public void NounsHaveTheirArticle(string noun, string expected) => ContractReader.Articled(noun).Should().Be(expected);

    [Theory]
    [InlineData("Lbfgs", "*\"Lbfgs\" evaluates the loss itself*LbfgsConfiguration.Create*")]
    [InlineData("lbfgs", "*LbfgsConfiguration.Create*")]
    [InlineData("Cosine", "*\"Cosine\" is not the name of an optimizer that can be configured here. \"Cosine\" is a schedule; use ScheduleConfiguration.*")]
    public void NameOfAnotherKindPointsToItsConfiguration(string name, string message)
    {
        FluentActions.Invoking(() => OptimizerConfiguration.Create(name, 3)).Should().Throw<ArgumentException>().WithMessage(message);
        FluentActions.Invoking(() => OptimizerConfiguration.Parse($"{{\"kind\": \"{name}\"}}")).Should().Throw<ArgumentException>().WithMessage(message);
        FluentActions.Invoking(() => LbfgsConfiguration.Parse("""{"kind": "AdamW"}""")).Should().Throw<ArgumentException>()
            .WithMessage("*\"AdamW\" is an optimizer*OptimizerConfiguration*");
        FluentActions.Invoking(() => ScheduleConfiguration.Create("adam", "{}")).Should().Throw<ArgumentException>()
            .WithMessage("*\"adam\" is not the name of a schedule that can be configured here. \"adam\" is an optimizer; use OptimizerConfiguration.*");
        FluentActions.Invoking(() => ScheduleConfiguration.Create("FunctionSchedule", "{}")).Should().Throw<ArgumentException>()
            .WithMessage("*function*");
    }

    [Theory]
    [InlineData("AdmaW", "{}", "*no optimizer \"AdmaW\"*most similar first, are: AdamW, Adam, *")]
    [InlineData("AdmW", "{}", "*no optimizer \"AdmW\"*most similar first, are: AdamW, Adam, *")]
    [InlineData("lyon", "{}", "*no optimizer \"lyon\"*most similar first, are: Lion, *")]
    [InlineData("AdamW", """{"learning_rate": 1}""", "*AdamW has no option \"learning_rate\"*most similar first, are: learningRate, *")]
    [InlineData("AdamW", """{"beta": 1}""", "*AdamW has no option \"beta\"*most similar first, are: beta1, beta2, *")]
    [InlineData("AdamW", """{"decayForm": "Coupled"}""", "*no option \"decayForm\"*")]
    [InlineData("AdamW", """{"beta1": 0.9, "Beta1": 0.8}""", "*\"beta1\" of AdamW is given twice*")]
    [InlineData("AdamW", """{"beta2": 0.5, "beta1": "high"}""", "The option \"beta1\" of AdamW must be a number, not \"high\". (Parameter*")]
    [InlineData("AdamW", """{"beta1": null}""", "The option \"beta1\" of AdamW must be a number, not null. (Parameter*")]
    [InlineData("AdamW", """{"beta1": true}""", "*\"beta1\" of AdamW must be a number, not true.*")]
    [InlineData("AdamW", """{"beta1": [0.9, 0.99]}""", "*\"beta1\" of AdamW must be a number, not ?0.9, 0.99?.*")]
    [InlineData("AdamW", """{"amsGrad": 1}""", "*\"amsGrad\" of AdamW must be true or false, not 1.*")]
    [InlineData("AdamW", """{"amsGrad": "true"}""", "*\"amsGrad\" of AdamW must be true or false, not \"true\".*")]
    [InlineData("Sophia", """{"hessianInterval": 2.5}""", "*\"hessianInterval\" of Sophia must be a whole number, not 2.5.*")]
    [InlineData("Sophia", """{"hessianInterval": 25e-1}""", "*must be a whole number, not 25e-1.*")]
    [InlineData("AdamW", """{"beta1": 1e999}""", "*\"beta1\" of AdamW must be a number, not 1e999.*")]
    [InlineData("AdamW", """{"kind": "AdamW", "kind": "Adam"}""", "*\"kind\" is given twice*")]
    [InlineData("AdamW", """{"beta1": "NaN"}""", "*Beta1*NaN*")]
    [InlineData("AdamW", """{"learningRate": "Infinity"}""", "*LearningRate*")]
    [InlineData("Sophia", """{"hessianInterval": 3000000000}""", "*must be a whole number*, not 3000000000.*")]
    [InlineData("Muon", """{"rateAdjustment": "None"}""", "*\"rateAdjustment\" of Muon must be one of Original, MatchRmsAdamW, not \"None\".*")]
    [InlineData("Muon", """{"rateAdjustment": 1}""", "*\"rateAdjustment\" of Muon must be one of Original, MatchRmsAdamW, not 1.*")]
    [InlineData("AdamW", """{"beta1": 1.5}""", "*Beta1*1.5*")]
    [InlineData("AdamW", """{"learningRate": -1}""", "*LearningRate*-1*")]
    [InlineData("AdamW", """{"learningRate": 1""", "*not valid JSON*")]
    [InlineData("AdamW", "[]", "*an optimizer must be an object, not []*")]
    public void InvalidOptionsThrow(string name, string json, string message) =>
        FluentActions.Invoking(() => OptimizerConfiguration.CreateOptions(name, json)).Should().Throw<ArgumentException>().WithMessage(message);

    [Theory]
    [InlineData("""{"peak": 1}""", "*no \"kind\"*a schedule: *Cosine, *")]
    [InlineData("""{"kind": 7}""", "*\"kind\"*7*")]
    [InlineData("""{"kind": "Cosin", "peak": 1}""", "*no schedule \"Cosin\"*most similar first, are: Cosine, *")]
    [InlineData("""{"kind": "Cosine"}""", "*Cosine needs peak, steps*")]
    [InlineData("""{"kind": "Cosine", "peak": 1, "steps": 1.5}""", "*\"steps\" of Cosine*1.5*")]
    [InlineData("""{"kind": "Cosine", "peak": 1, "steps": 0}""", "*steps*0*")]
    [InlineData("""{"kind": "Warmup", "steps": 1, "inner": {"kind": "Cosine", "peek": 1}}""", "*Cosine has no option \"peek\"*most similar first, are: peak, *")]
    [InlineData("""{"kind": "Warmup", "steps": 1, "inner": null}""", "*\"inner\" of Warmup must be a schedule*, not null.*")]
    [InlineData("""{"kind": "Warmup", "steps": 1, "inner": "Cosine"}""", "*\"inner\" of Warmup must be a schedule*, not \"Cosine\".*")]
    [InlineData("""{"kind": "OneCycle", "peak": 1, "totalSteps": 9, "shape": "Quadratic"}""", "*\"shape\" of OneCycle must be one of Linear, Cosine, InverseSquareRoot, not \"Quadratic\".*")]
    [InlineData("""{"kind": "ReduceOnPlateau", "initial": 1, "mode": "min, max"}""", "*\"mode\" of ReduceOnPlateau must be one of Min, Max, not \"min, max\".*")]
    [InlineData("""{"kind": "ReduceOnPlateau", "initial": 1, "name": null}""", "*\"name\" of ReduceOnPlateau must be a string, not null.*")]
    [InlineData("""{"kind": "MultiStep", "initial": 1, "milestones": [1, 2.5]}""", "*\"milestones\" of MultiStep must be a list, each element a whole number, but its element 1 is 2.5.*")]
    [InlineData("""{"kind": "MultiStep", "initial": 1, "milestones": 7}""", "*\"milestones\" of MultiStep must be a list, each element a whole number, not 7.*")]
    [InlineData("""{"kind": "Sequence", "schedules": [null], "milestones": []}""", "*\"schedules\" of Sequence*element 0 is null.*")]
    [InlineData("""{"kind": "WarmupLinear", "peak": 1, "warmupSteps": 9, "totalSteps": 9}""", "*totalSteps is 9*warmupSteps, which is 9*")]
    [InlineData("""{"kind": "Warmup", "steps": 1, "inner": {"kind": "Cosine", "peak": -1, "steps": 3}}""", "inner.peak: *-1*")]
    [InlineData("""{"kind": "Sequence", "milestones": [1], "schedules": [{"kind": "Constant", "value": 1}, {"kind": "Warmup", "steps": 1, "inner": {"kind": "Cosine", "peak": 1, "steps": 0}}]}""", "schedules?1?.inner.steps: *0*")]
    [InlineData("""{"kind": "Warmup", "steps": 1, "inner": {"kind": "Cosine", "peak": "high", "steps": 3}}""", "inner.peak: The option \"peak\" of Cosine must be a number, not \"high\".*")]
    [InlineData("""{"kind": "OneCycle", "peak": 1, "totalSteps": 9, "momentum": {}}""", "*OneCycle has no option \"momentum\"*")]
    [InlineData("""{"kind": "ReduceOnPlateau", "initial": 1, "rate": 2}""", "*no option \"rate\"*")]
    public void InvalidSchedulesThrow(string json, string message) =>
        FluentActions.Invoking(() => ScheduleConfiguration.Parse(json)).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void FunctionsAndUnregisteredTypesThrow()
    {
        FluentActions.Invoking(() => ScheduleConfiguration.ToJson(new FunctionSchedule(_ => 1))).Should().Throw<ArgumentException>().WithMessage("*FunctionSchedule*");
        FluentActions.Invoking(() => ScheduleConfiguration.ToJson(new FunctionSchedule(_ => 1).Scale(2))).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => OptimizerConfiguration.ToJson(new LevelThree.OwnOptions())).Should().Throw<ArgumentException>().WithMessage("*OwnOptions*registry*");
    }

    private static string Object(JsonProperty[] properties) =>
        $"{{{string.Join(", ", properties.Select(property => property.ToString()))}}}";

    private static object? ValueOf(object value, string parameter) =>
        value.GetType().GetProperty(char.ToUpperInvariant(parameter[0]) + parameter[1..])!.GetValue(value);

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("admaw", "adamw", 1)]
    public void EditDistanceCountsEdits(string one, string other, int distance)
    {
        Nearest.Distance(one, other).Should().Be(distance);
        Nearest.Distance(other, one).Should().Be(distance);
    }
}
