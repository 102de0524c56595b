namespace Optimizers.Tests;

internal static class Allocations
{
    /// <summary>
    /// What a call allocates on the calling thread when everything is warm: the least of several measurements, as the
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
