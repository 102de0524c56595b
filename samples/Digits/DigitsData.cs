using System.Globalization;

namespace Digits;

/// <summary>An 8×8 image of a handwritten digit, with pixels from 0 to 1, and its label: the digit from 0 to 9.</summary>
internal sealed record Digit(float[] Pixels, int Label);

/// <summary>The training images and the test images. Data/digits.md describes them.</summary>
internal sealed record DigitsData(IReadOnlyList<Digit> Training, IReadOnlyList<Digit> Test)
{
    /// <summary>Reads the file. Every fifth image of each digit is a test image.</summary>
    public static DigitsData Load(string path)
    {
        var training = new List<Digit>();
        var test = new List<Digit>();
        var seen = new Dictionary<int, int>();
        foreach (string line in File.ReadLines(path).Skip(1))
        {
            int[] cells = [.. line.Split(',').Select(cell => int.Parse(cell, CultureInfo.InvariantCulture))];
            int label = cells[^1];
            int number = seen.GetValueOrDefault(label);
            seen[label] = number + 1;
            (number % 5 == 0 ? test : training).Add(new Digit([.. cells[..^1].Select(pixel => pixel / 16f)], label));
        }

        return new DigitsData(training, test);
    }
}
