using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace FormatAccuracy;

/// <summary>The test losses of all assignments in all formats, and their table.</summary>
internal sealed class AccuracyTable
{
    private readonly IReadOnlyList<Assignment> _assignments;
    private readonly IReadOnlyList<RunFormat> _formats;
    private readonly double[][][] _losses;

    private AccuracyTable(IReadOnlyList<Assignment> assignments, IReadOnlyList<RunFormat> formats, double[][][] losses)
    {
        _assignments = assignments;
        _formats = formats;
        _losses = losses;
    }

    /// <summary>Trains each assignment in each format with each seed. A run has one thread.</summary>
    /// <param name="assignments">The assignments.</param>
    /// <param name="formats">The formats. The first one is the reference.</param>
    /// <param name="seeds">The seeds. All formats use the same ones.</param>
    /// <param name="threads">The number of runs at the same time. It changes no result.</param>
    /// <param name="onRun">Called after each run, with the number of finished runs and the number of all runs.</param>
    public static AccuracyTable Measure(
        IReadOnlyList<Assignment> assignments, IReadOnlyList<RunFormat> formats, IReadOnlyList<int> seeds, int threads, Action<int, int> onRun)
    {
        double[][][] losses =
            [.. assignments.Select(_ => formats.Select(_ => new double[seeds.Count]).ToArray())];
        var runs = (
            from assignment in Enumerable.Range(0, assignments.Count)
            from format in Enumerable.Range(0, formats.Count)
            from seed in Enumerable.Range(0, seeds.Count)
            select (assignment, format, seed)).ToList();
        int finished = 0;
        Parallel.ForEach(
            Partitioner.Create(runs, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            run =>
            {
                losses[run.assignment][run.format][run.seed] =
                    assignments[run.assignment].Train(formats[run.format], seeds[run.seed]);
                onRun(Interlocked.Increment(ref finished), runs.Count);
            });
        return new AccuracyTable(assignments, formats, losses);
    }

    /// <summary>The test losses of an assignment in a format, one for each seed.</summary>
    public IReadOnlyList<double> LossesOf(int assignment, int format) => _losses[assignment][format];

    /// <summary>The table in Markdown. Each line ends with a line feed.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| format |");
        foreach (Assignment assignment in _assignments)
        {
            text.Append(CultureInfo.InvariantCulture, $" {assignment.Name} | distance |");
        }

        text.Append("\n| --- |").Insert(text.Length, " ---: | ---: |", _assignments.Count).Append('\n');
        for (int format = 0; format < _formats.Count; format++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {_formats[format].Name} |");
            for (int assignment = 0; assignment < _assignments.Count; assignment++)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Loss(assignment, format)} | {Distance(assignment, format)} |");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private string Loss(int assignment, int format)
    {
        double[] losses = _losses[assignment][format];
        return losses.Length == 1
            ? losses[0].ToString("F4", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{losses.Average():F4} ± {Deviation(losses):F4}");
    }

    // The difference of the means, in standard deviations of float32. One seed has no standard deviation.
    private string Distance(int assignment, int format)
    {
        double[] reference = _losses[assignment][0];
        if (format == 0 || reference.Length == 1)
        {
            return "–";
        }

        // The sum with 0 makes a rounded −0 positive.
        double distance = (_losses[assignment][format].Average() - reference.Average()) / Deviation(reference);
        return (Math.Round(distance, 2) + 0.0).ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);
    }

    // The standard deviation of a sample, with n − 1.
    private static double Deviation(double[] losses)
    {
        double mean = losses.Average();
        return Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / (losses.Length - 1));
    }
}
