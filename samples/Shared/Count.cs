using System.Globalization;

namespace Samples;

internal static class Count
{
    /// <summary>A number with its noun: "1 epoch", "2 epochs", "1,500 steps".</summary>
    public static string Of(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");
}
