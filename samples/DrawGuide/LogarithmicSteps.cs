namespace DrawGuide;

/// <summary>Step numbers for a logarithmic axis.</summary>
internal static class LogarithmicSteps
{
    private const int PerDecade = 60;

    /// <summary>Step numbers from 1 to the last, with about equal ratios between neighbours.</summary>
    public static IEnumerable<int> UpTo(int last) => Enumerable.Range(0, (int)(PerDecade * Math.Log10(last)) + 1)
        .Select(i => (int)Math.Round(Math.Pow(10, (double)i / PerDecade)))
        .Append(last)
        .Distinct();
}
