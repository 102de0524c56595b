namespace Optimizers.Engine;

/// <summary>
/// The start addresses of buffers. Every buffer starts on a cache line. Large buffers that a step streams together start at
/// different offsets in a page; with equal offsets they would all use the same cache sets at the same time.
/// </summary>
internal static class Placement
{
    /// <summary>The size of a page, in bytes.</summary>
    public const int Page = 4096;

    private const int CacheLine = 64;
    private const int Stagger = 1152;
    private const int Large = 64 * 1024;

    /// <summary>The number of bytes that a buffer may need in addition to its elements.</summary>
    public static nuint Slack(nuint bytes) => Grid(bytes);

    /// <summary>The first address, from <paramref name="address"/> on, at which a buffer may start.</summary>
    /// <param name="address">The address in bytes.</param>
    /// <param name="bytes">The length of the buffer.</param>
    /// <param name="stream">The number of the buffer among those of a step: 0 for the values, 1 for the gradients, then the slots.</param>
    public static nuint Next(nuint address, nuint bytes, int stream)
    {
        nuint grid = Grid(bytes);
        nuint place = (nuint)(stream * Stagger) % grid;
        nuint ahead = place - (address % grid);
        return address + (ahead % grid);
    }

    private static nuint Grid(nuint bytes) => (nuint)(bytes < Large ? CacheLine : Page);
}
