namespace Optimizers.Tests;

public sealed class CatalogueTests
{
    [Fact]
    public void EveryPublicOptimizerHasARow()
    {
        IEnumerable<Type> optimizers = typeof(IOptimizer).Assembly.GetExportedTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IOptimizer)) && type != typeof(Optimizer));
        Catalogue.Optimizers.Select(row => row.Type).Should().BeEquivalentTo(optimizers);
    }

    [Fact]
    public void EveryPublicScheduleHasARow()
    {
        IEnumerable<Type> schedules = typeof(ILrSchedule).Assembly.GetExportedTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(ILrSchedule)) && type != typeof(Schedules.FunctionSchedule));
        Catalogue.Schedules.Values.Should().BeEquivalentTo(schedules);
    }

    [Fact]
    public void EveryOptionsRecordHasARow()
    {
        IEnumerable<Type> options = typeof(IOptimizer).Assembly.GetExportedTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IOptimizerOptions)));
        Catalogue.Optimizers.Select(row => row.Defaults.GetType()).Should().BeEquivalentTo(options);
    }

    public static TheoryData<string> Classes => [.. Catalogue.Optimizers.Select(row => row.Type.Name)];

    [Theory]
    [MemberData(nameof(Classes))]
    public void EveryConstructorTakesLengthOrShapeOptionsThreadsAndFormat(string name)
    {
        OptimizerRow row = Catalogue.Optimizers.Single(candidate => candidate.Type.Name == name);
        System.Reflection.ConstructorInfo constructor = row.Type.GetConstructors().Should().ContainSingle().Subject;
        bool takesShape = constructor.GetParameters()[0].ParameterType != typeof(int);
        int[] shape = row.ShapeOf(row.Defaults, 5_000);
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            var made = (Optimizer)constructor.Invoke([takesShape ? shape : (object)shape.Aggregate(1, (a, b) => a * b), null, 1, format]);
            var expected = new Optimizer(shape, row.Defaults, 1, format);
            made.Options.Should().Be(row.Defaults);
            made.State.Format.Should().Be(expected.State.Format);
            ((Optimizer)made.Clone()).State.Format.Should().Be(expected.State.Format);
            made.State.Bytes.Should().Be(expected.State.Bytes);
        }
    }
}
