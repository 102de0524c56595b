using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Tests;

/// <summary>User options and schedules, by registered names.</summary>
public sealed class RegistryTests
{
    internal static ConfigurationRegistry Registry { get; } = ConfigurationRegistry.Default
        .WithOptimizer("Mine", MyContext.Default.MyOptions, new MyOptions())
        .WithSchedule("MySchedule", MyContext.Default.MySchedule)
        .WithSchedule("MyRate", MyContext.Default.MyInitSchedule, new MyInitSchedule());

    [Fact]
    public void OwnOptionsSurviveARoundTrip()
    {
        IOptimizerOptions options = new MyOptions
        {
            LearningRate = 0.1 + 0.2,
            Heat = 0.75,
            Mood = MyMood.Wild,
            Inner = new MySchedule(0.5).WithWarmup(3),
            Wait = 1_000,
        };
        string json = OptimizerConfiguration.ToJson(options, Registry);
        json.Should().StartWith("""{"kind":"Mine","learningRate":0.30000000000000004,"heat":0.75,"mood":"Wild","inner":{"kind":"Warmup","inner":{"kind":"MySchedule",""");
        OptimizerConfiguration.Parse(json, Registry).Should().Be(options);
        OptimizerConfiguration.CreateOptions("mine", registry: Registry).Should().Be(new MyOptions());
        OptimizerConfiguration.CreateOptions("Mine", """{"heat": 0.25, "wait": 1e3}""", Registry).Should().Be(new MyOptions { Heat = 0.25, Wait = 1_000 });
        ScheduleConfiguration.Parse("""{"kind": "MySchedule", "start": 2}""", Registry).Should().Be(new MySchedule(2));
        ScheduleConfiguration.Parse("""{"kind": "MyRate"}""", Registry).Should().Be(new MyInitSchedule());
        ScheduleConfiguration.ToJson(new MyInitSchedule(), Registry).Should().Be("""{"kind":"MyRate","rate":0.125}""");
    }

    [Fact]
    public void OptimizerWithOwnOptionsIsCreatedByName()
    {
        IOptimizer optimizer = OptimizerConfiguration.Create("Mine", 2, """{"heat": 0.5}""", registry: Registry);
        IOptimizer expected = new Momentum(2, new MomentumOptions { Momentum = 0.5 });
        float[] one = [1, 2];
        float[] other = [1, 2];
        for (int i = 0; i < 3; i++)
        {
            optimizer.Step(one, (float[])[1, 2], 0.1);
            expected.Step(other, (float[])[1, 2], 0.1);
        }

        one.Should().Equal(other);
    }

    [Theory]
    [InlineData("""{"kind": "Mine", "heet": 1}""", "*Mine has no option \"heet\"*most similar first, are: heat, *")]
    [InlineData("""{"kind": "Mine", "heat": 2}""", "*Heat*from 0 to 1*")]
    [InlineData("""{"kind": "Mine", "heat": null}""", "*\"heat\" of Mine must be a number, not null*")]
    [InlineData("""{"kind": "Mine", "mood": "Sad"}""", "*\"mood\" of Mine has a value that cannot be read*")]
    [InlineData("""{"kind": "Mine", "mood": null}""", "*mood*null*")]
    [InlineData("""{"kind": "Mine", "inner": {"kind": "MySchedule"}}""", "inner: MySchedule needs start*")]
    [InlineData("""{"kind": "Mime"}""", "*no optimizer \"Mime\"*most similar first, are: Mine, *")]
    public void InvalidOwnOptionsThrowAndAreNamed(string json, string message) =>
        FluentActions.Invoking(() => OptimizerConfiguration.Parse(json, Registry)).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void RegistryIsImmutable()
    {
        ConfigurationRegistry.Default.OptimizerNames.Should().NotContain("Mine");
        Registry.OptimizerNames.Should().Contain("Mine").And.HaveCount(ConfigurationRegistry.Default.OptimizerNames.Count + 1);
        Registry.ScheduleNames.Should().Contain(["MyRate", "MySchedule", "Cosine"]).And.BeInAscendingOrder(StringComparer.Ordinal);
        FluentActions.Invoking(() => OptimizerConfiguration.Parse("""{"kind": "Mine"}""")).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => OptimizerConfiguration.ToJson(new MyOptions())).Should().Throw<ArgumentException>().WithMessage("*MyOptions*registry*");
    }

    [Fact]
    public void RepeatedNameThrows()
    {
        foreach (string name in new[] { "AdamW", "adamw", "Cosine", "ClipByValue", "Lbfgs", "FunctionSchedule", "", "My Options", "a.b" })
        {
            FluentActions.Invoking(() => ConfigurationRegistry.Default.WithOptimizer(name, MyContext.Default.MyOptions, new MyOptions()))
                .Should().Throw<ArgumentException>(name).WithParameterName("name");
        }

        FluentActions.Invoking(() => Registry.WithOptimizer("Other", MyContext.Default.MyOptions, new MyOptions()))
            .Should().Throw<ArgumentException>().WithMessage("*MyOptions has the name \"Mine\" already*");
        FluentActions.Invoking(() => ConfigurationRegistry.Default.WithOptimizer("Other", MyContext.Default.MyOptions, new MyOptions { Heat = 2 }))
            .Should().Throw<ArgumentException>().WithMessage("*Heat*");
        FluentActions.Invoking(() => ConfigurationRegistry.Default.WithSchedule("MyRate", MyContext.Default.MyInitSchedule))
            .Should().Throw<ArgumentException>().WithMessage("*rate*init properties*");
        FluentActions.Invoking(() => ConfigurationRegistry.Default.WithOptimizer("Mine", (JsonTypeInfo<MyOptions>)null!, new MyOptions()))
            .Should().Throw<ArgumentNullException>().WithParameterName("contract");
    }

    [Fact]
    public void CheckpointComparesRegisteredOptionsOneByOne()
    {
        byte[] file = CheckpointBytes.Of(Of(new MyOptions(), Registry));
        System.Text.Encoding.UTF8.GetString(file).Should().Contain("\\\"kind\\\":\\\"Mine\\\"");
        CheckpointBytes.Load(Of(new MyOptions(), Registry), file).NotCompared.Should().BeEmpty();
        FluentActions.Invoking(() => CheckpointBytes.Load(Of(new MyOptions { Heat = 0.25 }, Registry), file))
            .Should().Throw<CheckpointException>().WithMessage("*groups[0].optimizer.heat is 0.5 in the file, but 0.25 here*");
        FluentActions.Invoking(() => CheckpointBytes.Load(Of(new MyOptions(), ConfigurationRegistry.Default), file))
            .Should().Throw<CheckpointException>().WithMessage("*\"Mine\" in the file*");
    }

    [Fact]
    public void CheckpointComparesUnregisteredOptionsByText()
    {
        byte[] file = CheckpointBytes.Of(Of(new MyOptions(), ConfigurationRegistry.Default));
        foreach (ConfigurationRegistry registry in new[] { ConfigurationRegistry.Default, Registry })
        {
            CheckpointBytes.Load(Of(new MyOptions(), registry), file).Differences.Should().BeEmpty();
            FluentActions.Invoking(() => CheckpointBytes.Load(Of(new MyOptions { Heat = 0.25 }, registry), file))
                .Should().Throw<CheckpointException>().WithMessage("*groups[0].optimizer*Heat = 0.5*in the file*Heat = 0.25*here*");
        }
    }

    [Fact]
    public void CheckpointComparesLibraryOptionsWithAnEmptyRegistry()
    {
        byte[] file = CheckpointBytes.Of(Of(new AdamWOptions(), ConfigurationRegistry.Empty));
        foreach (ConfigurationRegistry registry in new[] { ConfigurationRegistry.Empty, ConfigurationRegistry.Default, Registry })
        {
            CheckpointBytes.Load(Of(new AdamWOptions(), registry), file).NotCompared.Should().BeEmpty();
            FluentActions.Invoking(() => CheckpointBytes.Load(Of(new AdamWOptions { Beta1 = 0.8 }, registry), file))
                .Should().Throw<CheckpointException>().WithMessage("*groups[0].optimizer.beta1 is 0.9 in the file, but 0.8 here*");
        }

        CheckpointBytes.Of(Of(new AdamWOptions(), ConfigurationRegistry.Default)).Should().Equal(file);
    }

    [Fact]
    public void RegistryWithoutLibraryTypesReadsOnlyRegisteredTypes()
    {
        ConfigurationRegistry registry = ConfigurationRegistry.Empty.WithOptimizer("Mine", MyContext.Default.MyOptions, new MyOptions());
        registry.OptimizerNames.Should().Equal("Mine");
        OptimizerConfiguration.Parse("""{"kind": "Mine"}""", registry).Should().Be(new MyOptions());
        CheckpointBytes.Of(Of(new AdamWOptions(), registry));
        FluentActions.Invoking(() => OptimizerConfiguration.Parse("""{"kind": "AdamW"}""", registry))
            .Should().Throw<ArgumentException>().WithMessage("*no optimizer \"AdamW\"*Mine*", "writing AdamWOptions into a checkpoint does not register them");
        FluentActions.Invoking(() => OptimizerConfiguration.ToJson(new AdamWOptions(), registry))
            .Should().Throw<ArgumentException>().WithMessage("*AdamWOptions is not an optimizer that the registry knows*");
    }

    [Fact]
    public void RegisteredNameGivesTheRegisteredType()
    {
        ConfigurationRegistry registry = ConfigurationRegistry.Empty.WithOptimizer("adamw", MyContext.Default.MyOptions, new MyOptions());
        byte[] mine = CheckpointBytes.Of(Of(new MyOptions(), registry));
        byte[] library = CheckpointBytes.Of(Of(new AdamWOptions(), registry));
        CheckpointBytes.Load(Of(new MyOptions(), registry), mine).NotCompared.Should().BeEmpty();
        CheckpointBytes.Load(Of(new AdamWOptions(), registry), library).Differences.Should().BeEmpty();
        FluentActions.Invoking(() => CheckpointBytes.Load(Of(new AdamWOptions { Beta1 = 0.8 }, registry), library))
            .Should().Throw<CheckpointException>().WithMessage("*Beta1 = 0.9*in the file*Beta1 = 0.8*here*", "the type is not registered, so the text of the options is compared");
    }

    private static Checkpoint Of(IOptimizerOptions options, ConfigurationRegistry registry)
    {
        var set = new ParameterSet();
        set.Add("weight", 3);
        return new Checkpoint(new ModelOptimizer(set, options)) { Registry = registry };
    }
}
