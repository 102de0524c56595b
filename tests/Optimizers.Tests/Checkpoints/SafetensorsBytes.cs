using System.Buffers.Binary;
using System.Text;

namespace Optimizers.Tests;

/// <summary>Safetensors files made by hand, valid and invalid.</summary>
internal static class SafetensorsBytes
{
    /// <summary>The entry of a tensor in a header.</summary>
    public static string Entry(string name, string type, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    public static byte[] File(string header, int dataLength = 0, ulong? length = null) =>
        File(Encoding.UTF8.GetBytes(header), new byte[dataLength], length);

    public static byte[] File(byte[] header, byte[] data, ulong? length = null)
    {
        var start = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(start, length ?? (ulong)header.Length);
        return [.. start, .. header, .. data];
    }

    public static SafetensorsReader Open(byte[] file) => SafetensorsReader.Open(new MemoryStream(file));

    public static byte[] BytesOf(SafetensorsReader reader, SafetensorsTensor tensor)
    {
        using var bytes = new MemoryStream();
        reader.CopyTo(tensor, bytes);
        return bytes.ToArray();
    }

    /// <summary>Writes the contents of a reader to a new file.</summary>
    public static byte[] Rewritten(SafetensorsReader reader)
    {
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(file, reader.Tensors.Reverse(), reader.Metadata);
        foreach (SafetensorsTensor tensor in writer.Tensors)
        {
            writer.WriteBytes(tensor.Name, BytesOf(reader, reader[tensor.Name]));
        }

        writer.Complete();
        writer.Length.Should().Be(file.Length);
        return file.ToArray();
    }
}
