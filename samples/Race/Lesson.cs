using Digits;

namespace Race;

/// <summary>The result of training on digits with a contender at its best rate.</summary>
internal sealed record Lesson(Contender Contender, double Rate, double Loss, double Accuracy)
{
    /// <summary>Tries all rates and returns the result with the lowest final training loss.</summary>
    public static Lesson Of(Contender contender, Plan plan, DigitsData data) => contender.Rates
        .Select(rate =>
        {
            Run run = Training.Train(plan, new Recipe(contender.Label, contender.OptionsAt(rate)), data, threads: 1);
            return new Lesson(contender, rate, run.Losses[^1], run.TestAccuracies[^1]);
        })
        .OrderBy(lesson => double.IsNaN(lesson.Loss) ? double.PositiveInfinity : lesson.Loss)
        .First();
}
