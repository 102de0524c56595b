using Optimizers.Charts;

namespace DrawGuide;

/// <summary>The pictures of the guide.</summary>
internal static class Pictures
{
    /// <summary>The function that draws each picture, by the name of its file.</summary>
    public static IReadOnlyDictionary<string, Func<ChartGrid>> All { get; } = new Dictionary<string, Func<ChartGrid>>
    {
        ["ravine.svg"] = Ravine.Draw,
        ["nesterov.svg"] = LookAhead.Draw,
        ["rosenbrock.svg"] = Rosenbrock.Draw,
        ["effective-rates.svg"] = EffectiveRates.Draw,
        ["bias-correction.svg"] = BiasCorrection.Draw,
        ["weight-decay.svg"] = Decay.Draw,
        ["schedules.svg"] = AllSchedules.Draw,
        ["warmup.svg"] = WarmupRuns.Draw,
    };

    /// <summary>Draws all pictures into a folder.</summary>
    /// <param name="folder">The folder. It is created if it does not exist.</param>
    public static void DrawInto(DirectoryInfo folder)
    {
        folder.Create();
        foreach ((string file, Func<ChartGrid> draw) in All)
        {
            File.WriteAllText(Path.Combine(folder.FullName, file), $"{draw().ToSvg()}\n");
        }
    }
}
