namespace Optimizers.Benchmarks;

/// <summary>The reason why libtorch cannot be loaded. The tests of the TorchSharp package compile this file too.</summary>
internal static class LoadFailure
{
    /// <summary>Runs an action that loads libtorch.</summary>
    /// <returns>Null, or the reason why the action failed: one line without a full stop.</returns>
    public static string? ReasonOf(Action load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException or BadImageFormatException
            or NotSupportedException or EntryPointNotFoundException)
        {
            return exception.GetBaseException().Message.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        }
    }
}
