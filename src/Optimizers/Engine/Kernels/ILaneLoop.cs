using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>A loop over elements that fill whole lanes of any width.</summary>
internal interface ILaneLoop
{
    void Run<V>(nuint start, nuint end)
        where V : struct, ILane<V>;
}

/// <summary>Runs loops of this kind.</summary>
internal static class LaneLoop
{
    /// <summary>Runs a loop with the widest lanes that are allowed. The range must be a multiple of their width.</summary>
    public static void Run<TLoop>(in TLoop loop, nuint start, nuint end, int widestLane)
        where TLoop : struct, ILaneLoop
    {
        switch (widestLane)
        {
            case >= 16 when Vector512.IsHardwareAccelerated: loop.Run<Lane16>(start, end); break;
            case >= 8 when Vector256.IsHardwareAccelerated: loop.Run<Lane8>(start, end); break;
            case >= 4 when Vector128.IsHardwareAccelerated: loop.Run<Lane4>(start, end); break;
            default: loop.Run<Lane1>(start, end); break;
        }
    }
}
