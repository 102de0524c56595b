namespace Optimizers.Tests;

/// <summary>The optimizer of a whole model from one JSON document.</summary>
public sealed class ModelConfigurationTests
{
    private const string Everything = """
        {
          "name": "net",
          "groups": [
            {
              "name": "bias", "where": ["*.bias", "norm?"], "optimizer": { "kind": "Sgd", "learningRate": 0.5 }, "rateFactor": 2,
              "stateFormat": "BFloat16", "frozen": true, "mayBeEmpty": true
            },
            {
              "where": { "names": ["*.weight"], "except": ["embedding.*"], "minimumRank": 2, "maximumRank": 2 },
              "optimizer": { "kind": "Muon" },
              "schedule": { "kind": "Warmup", "steps": 3, "inner": { "kind": "Constant", "value": 0.25 } },
              "momentumSchedule": { "kind": "Linear", "start": 0.5, "end": 0.25, "steps": 10 },
              "weightDecaySchedule": { "kind": "Constant", "value": 0.125 }
            },
            { "optimizer": { "kind": "AdamW" }, "weightDecay": 0.5 }
          ],
          "schedule": { "kind": "Cosine", "peak": 0.1, "steps": 1e2 },
          "clip": { "kind": "ClipByGlobalNorm", "maximumNorm": 0.5 },
          "nonFinite": "Skip", "maximumConsecutiveSkips": 7,
          "lossScaler": { "initialScale": 1024, "growthInterval": 10 },
          "zeroGradients": true, "measureUpdates": true, "threads": 1
        }
        """;

    [Fact]
    public void EverySettingIsRead()
    {
        using ParameterSet set = Set();
        ModelOptimizer optimizer = ModelConfiguration.Read(Everything).Create(set);
        optimizer.OptionsOf("head.bias").Should().Be(new SgdOptions { LearningRate = 0.5 });
        optimizer.OptionsOf("norm1").Should().BeOfType<SgdOptions>();
        optimizer.OptionsOf("head.weight").Should().Be(new MuonOptions());
        optimizer.OptionsOf("embedding.weight").Should().Be(new AdamWOptions(), "the pattern excludes it");
        optimizer.OptionsOf("vector.weight").Should().Be(new AdamWOptions(), "it has one dimension");
        optimizer.OptionsOf("norm12").Should().Be(new AdamWOptions(), "? is one character");
        ParameterGroup first = optimizer.Groups[0];
        (first.Name, first.RateFactor, first.StateFormat, first.Frozen, first.MayBeEmpty).Should().Be(("bias", 2, StateFormat.BFloat16, true, true));
        ParameterGroup second = optimizer.Groups[1];
        second.Schedule.Should().Be(new Constant(0.25).WithWarmup(3));
        second.MomentumSchedule.Should().Be(new Linear(0.5, 0.25, 10));
        second.WeightDecaySchedule.Should().Be(new Constant(0.125));
        optimizer.Groups[2].WeightDecay.Should().Be(0.5);
        ModelOptimizerOptions options = optimizer.Options;
        options.LossScaler!.Scale.Should().Be(1_024);
        (options with { LossScaler = null }).Should().Be(new ModelOptimizerOptions
        {
            Name = "net",
            Schedule = new Cosine(0.1, 100),
            Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 },
            NonFinite = NonFinitePolicy.Skip,
            MaximumConsecutiveSkips = 7,
            ZeroGradients = true,
            MeasureUpdates = true,
            Threads = 1,
        });
    }

    [Fact]
    public void ConfigurationSurvivesARoundTrip()
    {
        ModelConfiguration configuration = ModelConfiguration.Read(Everything);
        ModelConfiguration.Read(configuration.ToJson()).Should().Be(configuration);
        using ParameterSet set = Set();
        ModelConfiguration written = ModelConfiguration.Of(configuration.Create(set));
        written.Should().Be(configuration);
        written.ToJson().Should().Be(configuration.ToJson());
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void EveryOptimizerCanBeConfigured(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        var configuration = new ModelConfiguration { Groups = [new() { Optimizer = options }] };
        ModelConfiguration.Read(configuration.ToJson()).Groups[0].Optimizer.Should().Be(options);
    }

    [Theory]
    [InlineData("""{"kind": "ClipByNorm", "maximumNorm": 2}""")]
    [InlineData("""{"kind": "ClipByValue"}""")]
    [InlineData("""{"kind": "AdaptiveClip", "clipping": 0.5, "axis": 1}""")]
    [InlineData("""{"kind": "ClipByGlobalNorm", "normKind": "P", "order": 3}""")]
    public void EveryClipCanBeConfigured(string clip)
    {
        ModelConfiguration configuration = ModelConfiguration.Read($$"""{"groups": [{"optimizer": {"kind": "Sgd"} }], "clip": {{clip}} }""");
        configuration.Clip!.GetType().Name.Should().Be(System.Text.Json.JsonElement.Parse(clip).GetProperty("kind").GetString());
        ModelConfiguration.Read(configuration.ToJson()).Should().Be(configuration);
    }

    [Theory]
    [InlineData("\"kind\": \"Muon\"", "\"kind\": \"Mun\"", "groups[1].optimizer.kind: There is no optimizer \"Mun\". The valid names, most similar first, are: Muon, ")]
    [InlineData("\"learningRate\": 0.5", "\"learningRat\": 0.5", "groups[0].optimizer.learningRat: Sgd has no option \"learningRat\". The valid names, most similar first, are: learningRate, ")]
    [InlineData("\"learningRate\": 0.5", "\"learningRate\": -1", "groups[0].optimizer.learningRate: ")]
    [InlineData("\"learningRate\": 0.5", "\"learningRate\": \"big\"", "groups[0].optimizer.learningRate: The option \"learningRate\" of Sgd must be a number, not \"big\".")]
    [InlineData("\"value\": 0.25", "\"value\": -0.25", "groups[1].schedule.inner.value: ")]
    [InlineData("\"rateFactor\": 2", "\"rateFactor\": -2", "groups[0].rateFactor: ")]
    [InlineData("\"rateFactor\": 2", "\"rateFaktor\": 2", "groups[0].rateFaktor: group has no option \"rateFaktor\". The valid names, most similar first, are: rateFactor, ")]
    [InlineData("\"stateFormat\": \"BFloat16\"", "\"stateFormat\": \"Bfloat\"", "groups[0].stateFormat: The option \"stateFormat\" of group must be one of ")]
    [InlineData("\"kind\": \"Muon\"", "\"kind\": \"Sgd\"", "groups[1].momentumSchedule: ")]
    [InlineData("\"minimumRank\": 2", "\"rank\": 2", "groups[1].where.rank: where has no option \"rank\"")]
    [InlineData("[\"*.bias\", \"norm?\"]", "7", "groups[0].where: The option \"where\" of group must be a pattern of names")]
    [InlineData("\"weightDecay\": 0.5", "\"weightDecay\": -0.5", "groups[2].weightDecay: ")]
    [InlineData("\"optimizer\": { \"kind\": \"AdamW\" }, ", "", "groups[2]: group needs optimizer.")]
    [InlineData("\"optimizer\": { \"kind\": \"AdamW\" }, ", "\"optimizer\": null, ", "groups[2].optimizer: The option \"optimizer\" of group must be an optimizer")]
    [InlineData("\"maximumNorm\": 0.5", "\"maximumNorm\": 0", "clip.maximumNorm: ")]
    [InlineData("\"kind\": \"ClipByGlobalNorm\"", "\"kind\": \"Cosine\"", "clip.kind: \"Cosine\" is not the name of a clip that can be configured here. \"Cosine\" is a schedule")]
    [InlineData("\"initialScale\": 1024", "\"initialScale\": 0", "lossScaler.initialScale: ")]
    [InlineData("\"growthInterval\": 10", "\"growth\": 10", "lossScaler.growth: LossScaler has no option \"growth\". The valid names, most similar first, are: growthFactor, growthInterval, ")]
    [InlineData("\"threads\": 1", "\"threads\": -1", "threads: ")]
    [InlineData("\"threads\": 1", "\"thread\": 1", "model has no option \"thread\". The valid names, most similar first, are: threads, ")]
    [InlineData("\"nonFinite\": \"Skip\"", "\"nonFinite\": \"Ignore\"", "The option \"nonFinite\" of model must be one of ")]
    [InlineData("\"zeroGradients\": true", "\"zeroGradients\": true, \"ZeroGradients\": true", "The option \"zeroGradients\" of model is given twice.")]
    public void MistakeThrowsAndIsNamedByItsPath(string right, string wrong, string message)
    {
        Everything.Should().Contain(right);
        FluentActions.Invoking(() => ModelConfiguration.Read(Everything.Replace(right, wrong, StringComparison.Ordinal)))
            .Should().Throw<ArgumentException>().Which.Message.Should().StartWith(message);
    }

    [Theory]
    [InlineData("{}", "*model needs groups*")]
    [InlineData("""{"groups": []}""", "groups: The list of groups is empty. *")]
    [InlineData("""{"groups": null}""", "*\"groups\" of model must be a list*not null*")]
    [InlineData("""{"groups": [null]}""", "*\"groups\" of model*element 0 is null*")]
    [InlineData("[]", "*must be an object, not []*")]
    [InlineData("{", "*not valid JSON*")]
    public void InvalidModelConfigurationThrows(string json, string message) =>
        FluentActions.Invoking(() => ModelConfiguration.Read(json)).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void WritingAFunctionThrows()
    {
        using ParameterSet set = Set();
        var optimizer = new ModelOptimizer(
            set, [new ParameterGroup(new SgdOptions()) { Name = "mine", Where = p => p.Length > 0 }, new ParameterGroup(new SgdOptions())]);
        FluentActions.Invoking(() => ModelConfiguration.Of(optimizer)).Should().Throw<ArgumentException>().WithMessage("*group 0 (\"mine\")*function*ParameterFilter*");
        using ParameterSet other = Set();
        var scheduled = new ModelOptimizer(other, new SgdOptions(), new() { Schedule = new FunctionSchedule(_ => 1) });
        FluentActions.Invoking(() => ModelConfiguration.Of(scheduled).ToJson()).Should().Throw<ArgumentException>().WithMessage("*FunctionSchedule*");
    }

    [Fact]
    public void OwnTypesCanBeConfigured()
    {
        var configuration = new ModelConfiguration
        {
            Groups = [new() { Optimizer = new MyOptions { Heat = 0.25 }, Schedule = new MySchedule(1) }],
        };
        string json = configuration.ToJson(RegistryTests.Registry);
        ModelConfiguration.Read(json, RegistryTests.Registry).Should().Be(configuration);
        FluentActions.Invoking(() => ModelConfiguration.Read(json)).Should().Throw<ArgumentException>().WithMessage("groups?0?.optimizer.kind: *\"Mine\"*");
    }

    [Theory]
    [InlineData("*", "a.b", true)]
    [InlineData("a*", "a.b", true)]
    [InlineData("*.b", "a.x.b", true)]
    [InlineData("a.?", "a.b", true)]
    [InlineData("a.?", "a.bc", false)]
    [InlineData("A.b", "a.b", false)]
    [InlineData("a.b", "a.bc", false)]
    [InlineData("a\\b", "a\\b", true)]
    [InlineData("a[0]", "a[0]", true)]
    [InlineData("", "a", false)]
    public void PatternsMatchWholeNames(string pattern, string name, bool matches)
    {
        using var set = new ParameterSet();
        new ParameterFilter { Names = [pattern] }.Matches(set.Add(name, 1)).Should().Be(matches);
    }

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        set.Add("embedding.weight", 4, 3);
        set.Add("head.weight", 3, 2);
        set.Add("head.bias", 2);
        set.Add("vector.weight", 3);
        set.Add("norm1", 3);
        set.Add("norm12", 3);
        return set;
    }
}
