using System.Globalization;

namespace Optimizers.Tests;

/// <summary>How colours differ for people with normal and with deficient colour vision.</summary>
internal static class ColourVision
{
    // Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0.
    private static readonly double[][][] _visions =
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    /// <summary>The contrast ratio of two colours by WCAG 2, from 1 to 21.</summary>
    public static double Contrast(string one, string other)
    {
        double[] luminances = [.. new[] { one, other }.Select(colour => Xyz(Linear(colour))[1]).Order()];
        return (luminances[1] + 0.05) / (luminances[0] + 0.05);
    }

    /// <summary>The distance of two colours in CIE L*a*b* (1976). Colours at a distance of 2 are hardly distinguishable.</summary>
    /// <param name="one">A colour such as #0072b2.</param>
    /// <param name="other">The other colour.</param>
    /// <param name="vision">1: normal vision; 2: protanopia; 3: deuteranopia; 4: tritanopia.</param>
    public static double Difference(string one, string other, int vision) =>
        Math.Sqrt(Lab(one, vision).Zip(Lab(other, vision)).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));

    private static double[] Lab(string colour, int vision)
    {
        double[] linear = Linear(colour);
        double[] seen = Array.ConvertAll(_visions[vision - 1], row => Math.Clamp(row.Zip(linear).Sum(pair => pair.First * pair.Second), 0, 1));
        double[] white = Xyz([1, 1, 1]);
        double[] f = [.. Xyz(seen).Zip(white).Select(pair => pair.First / pair.Second).Select(t => t > 0.008856 ? Math.Cbrt(t) : (7.787 * t) + (16.0 / 116))];
        return [(116 * f[1]) - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])];
    }

    private static double[] Xyz(double[] rgb) =>
    [
        (0.4124 * rgb[0]) + (0.3576 * rgb[1]) + (0.1805 * rgb[2]),
        (0.2126 * rgb[0]) + (0.7152 * rgb[1]) + (0.0722 * rgb[2]),
        (0.0193 * rgb[0]) + (0.1192 * rgb[1]) + (0.9505 * rgb[2]),
    ];

    private static double[] Linear(string colour) =>
    [
        .. new[] { 1, 3, 5 }.Select(start => int.Parse(colour.AsSpan(start, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)),
    ];
}
