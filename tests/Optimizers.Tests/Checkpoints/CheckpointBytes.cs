using System.Buffers.Binary;
using System.Text;

namespace Optimizers.Tests;

/// <summary>Checkpoints in memory that tests can change.</summary>
internal static class CheckpointBytes
{
    public static byte[] Of(Checkpoint checkpoint)
    {
        using var folder = new TemporaryFolder();
        checkpoint.Save(folder["run"]);
        return File.ReadAllBytes(folder["run"]);
    }

    public static CheckpointReport Load(Checkpoint checkpoint, byte[] file, CheckpointLoadOptions? options = null) =>
        AtOnce.Wait(checkpoint.LoadCore(
            new MemoryStream(file, writable: false), "memory", options, asynchronous: false, progress: null, default));

    /// <summary>The same data with another header and a correct checksum.</summary>
    public static byte[] WithHeader(byte[] file, Func<string, string> change)
    {
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        byte[] header = Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(file, sizeof(long), length)));
        return Sealed(SafetensorsBytes.File(header, file[(sizeof(long) + length)..]));
    }

    /// <summary>The same file with a correct checksum, if it has a checksum.</summary>
    public static byte[] Sealed(byte[] file)
    {
        byte[] result = [.. file];
        int start = result.AsSpan().IndexOf("\"sha256\":\""u8);
        int position = FileChecksum.PositionIn(result);
        if (start >= 0 && position + 64 <= result.Length)
        {
            using var checksum = new FileChecksum();
            checksum.AppendHeader(result, position);
            Encoding.ASCII.GetBytes(checksum.Finish()).CopyTo(result, position);
        }

        return result;
    }
}
