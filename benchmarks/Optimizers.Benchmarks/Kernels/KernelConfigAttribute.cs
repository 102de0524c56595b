using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;

namespace Optimizers.Benchmarks;

/// <summary>The columns of every benchmark class.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KernelConfigAttribute : Attribute, IConfigSource
{
    public IConfig Config { get; } = ManualConfig.CreateEmpty()
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumn(StatisticColumn.Min, ParameterColumn.NanosecondsPerParameter, ParameterColumn.GigabytesPerSecond);
}
