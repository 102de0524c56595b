namespace Optimizers.Engine;

/// <summary>
/// Where buffers begin. Every one begins on a cache line. Large ones that a step streams through side by side begin at
/// different places in a page: at the same place they would all fall into the same sets of the caches at once.
/// </summary>
internal static class Placement
{
    /// <summary>In bytes.</summary>
    public const int Page = 4096;

    private const int CacheLine = 64;
    private const int Stagger = 1152;
    private const int Large = 64 * 1024;

    /// <summary>What a buffer may need beside its elements, in bytes.</summary>
    public static nuint Slack(nuint bytes) => Grid(bytes);

    /// <summary>The first address from <paramref name="address"/> on where a buffer may begin.</summary>
    /// <param name="address">In bytes.</param>
    /// <param name="bytes">The length of the buffer.</param>
    /// <param name="stream">Which of the buffers of a step it is: 0 the values, 1 the gradients, then the slots.</param>
    public static nuint Next(nuint address, nuint bytes, int stream)
    {
        nuint grid = Grid(bytes);
        nuint place = (nuint)(stream * Stagger) % grid;
        nuint ahead = place - (address % grid);
        return address + (ahead % grid);
    }

    private static nuint Grid(nuint bytes) => (nuint)(bytes < Large ? CacheLine : Page);
}
