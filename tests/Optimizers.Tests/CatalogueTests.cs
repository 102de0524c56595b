namespace Optimizers.Tests;

public sealed class CatalogueTests
{
    [Fact]
    public void EveryPublicOptimizerHasARow()
    {
        IEnumerable<Type> optimizers = typeof(IOptimizer).Assembly.GetExportedTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IOptimizer)) && type != typeof(Optimizer));
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
    public void EveryOptionsRecordIsOfARow()
    {
        IEnumerable<Type> options = typeof(IOptimizer).Assembly.GetExportedTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IOptimizerOptions)));
        Catalogue.Optimizers.Select(row => row.Defaults.GetType()).Should().BeEquivalentTo(options);
    }
}
