namespace Optimizers.Tests;

internal static class Allocations
{
    /// <summary>
    /// The bytes that a warm call allocates on the calling thread: the minimum of several measurements, because the
    /// thread pool may start a thread during one of them.
    /// </summary>
    public static long Of(Action call)
    {
        const int Calls = 5;
        long least = long.MaxValue;
        for (int measurement = 0; measurement < 6; measurement++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Calls; i++)
            {
                call();
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            least = measurement == 0 ? least : Math.Min(least, allocated);
        }

        return least;
    }
}
