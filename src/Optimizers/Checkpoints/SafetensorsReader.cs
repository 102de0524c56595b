using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Optimizers.Checkpoints;

/// <summary>
/// Reads a safetensors file. It is safe with untrusted files: all entries of the header are checked before they are used.
/// </summary>
/// <remarks>
/// <para>The format is that of the reference implementation (huggingface/safetensors). Every file that it reads can be read here,
/// whatever the order of its tensors, with three exceptions: a name that occurs twice, a field that the format does not have,
/// and a dimension above 2⁶³ − 1.</para>
/// <para>The reader copies elements into your memory when you ask for them. It holds the header, at most 100 MB, and a
/// few times as much for the names and shapes in it.</para>
/// <para>Use an instance on one thread at a time.</para>
/// </remarks>
/// <example>
/// <code>
/// using var reader = SafetensorsReader.Open("model.safetensors");
/// foreach (SafetensorsTensor tensor in reader.Tensors)
/// {
///     Console.WriteLine(tensor);
/// }
///
/// var bias = new float[64];
/// reader.Read&lt;float&gt;(reader["bias"], bias);
/// </code>
/// </example>
public sealed class SafetensorsReader : IDisposable
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsReader(Stream stream, bool leaveOpen, SafetensorsHeader header)
    {
        _stream = stream;
        _leaveOpen = leaveOpen;
        _header = header;
        _dataStart = stream.Position;
    }

    /// <summary>The metadata that the writer stored beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>The tensors in the order of their elements in the file.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors => Array.AsReadOnly(_header.Tensors);

    /// <summary>Gets a tensor by its name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentException">There is no tensor of that name.</exception>
    public SafetensorsTensor this[string name] => TryGet(name, out SafetensorsTensor? tensor)
        ? tensor
        : throw UnknownName.Of("tensor", name, _header.ByName.Keys);

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is not a valid safetensors file.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or the path is that of a folder.</exception>
    public static SafetensorsReader Open(string path) =>
        AtOnce.Wait(OpenCore(OpenFile(path, asynchronous: false), leaveOpen: false, asynchronous: false, default));

    /// <summary>Reads the header of a file that starts at the position of a stream.</summary>
    /// <param name="stream">The stream, which ends where the file ends. It must be able to seek, because tensors are read on demand, in
    /// any order. If a stream cannot seek, copy it to a file or to memory first.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the reader is disposed.</param>
    /// <exception cref="ArgumentException">The stream cannot be read, or cannot seek.</exception>
    /// <exception cref="CheckpointException">The content is not a valid safetensors file.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static SafetensorsReader Open(Stream stream, bool leaveOpen = false) =>
        AtOnce.Wait(OpenCore(stream, leaveOpen, asynchronous: false, default));

    /// <inheritdoc cref="Open(string)"/>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Cancels the reading.</param>
    public static Task<SafetensorsReader> OpenAsync(string path, CancellationToken cancellation = default) =>
        OpenCore(OpenFile(path, asynchronous: true), leaveOpen: false, asynchronous: true, cancellation).AsTask();

    /// <inheritdoc cref="Open(Stream, bool)"/>
    /// <param name="stream">The stream.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the reader is disposed.</param>
    /// <param name="cancellation">Cancels the reading.</param>
    public static Task<SafetensorsReader> OpenAsync(
        Stream stream, bool leaveOpen = false, CancellationToken cancellation = default) =>
        OpenCore(stream, leaveOpen, asynchronous: true, cancellation).AsTask();

    /// <summary>Finds a tensor by its name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor; null if there is none of that name.</param>
    /// <returns>Whether there is a tensor of that name.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _header.ByName.TryGetValue(name, out tensor);
    }

    /// <summary>Reads elements.</summary>
    /// <typeparam name="T">The type of the elements: any type of the format that .NET has, or <see cref="BFloat16"/>.</typeparam>
    /// <param name="tensor">The tensor, from <see cref="Tensors"/>.</param>
    /// <param name="destination">The memory to fill. Its length is the number of elements to read.</param>
    /// <param name="start">The index of the first element to read.</param>
    /// <exception cref="ArgumentException">The tensor is from another file or has another type, or the requested elements are outside
    /// it.</exception>
    public void Read<T>(SafetensorsTensor tensor, Span<T> destination, long start = 0)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        SafetensorsType type = SafetensorsTypes.Of<T>();
        if (tensor.Type != type)
        {
            throw new ArgumentException($"{tensor} cannot be read as {typeof(T).Name}. Use its own type, or read its bytes with {nameof(ReadBytes)}.", nameof(tensor));
        }

        int size = Unsafe.SizeOf<T>();
        Require.AtLeast(start, 0);
        Seek(tensor, start > long.MaxValue / size ? long.MaxValue : start * size, (long)destination.Length * size);
        while (!destination.IsEmpty)
        {
            Span<T> part = destination[..Math.Min(destination.Length, StreamAccess.Chunk)];
            Span<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(part);
            _stream.ReadExactly(bytes);
            LittleEndian.Read(bytes, part);
            destination = destination[part.Length..];
        }
    }

    /// <summary>Reads bytes of a tensor of any type.</summary>
    /// <param name="tensor">The tensor, from <see cref="Tensors"/>.</param>
    /// <param name="destination">The memory to fill. Its length is the number of bytes to read.</param>
    /// <param name="start">The index of the first byte to read, counted from the start of the tensor.</param>
    /// <exception cref="ArgumentException">The tensor is from another file, or the requested bytes are outside it.</exception>
    public void ReadBytes(SafetensorsTensor tensor, Span<byte> destination, long start = 0)
    {
        Seek(tensor, start, destination.Length);
        _stream.ReadExactly(destination);
    }

    /// <inheritdoc cref="ReadBytes"/>
    /// <param name="tensor">The tensor, from <see cref="Tensors"/>.</param>
    /// <param name="destination">The memory to fill. Its length is the number of bytes to read.</param>
    /// <param name="start">The index of the first byte to read, counted from the start of the tensor.</param>
    /// <param name="cancellation">Cancels the reading.</param>
    public ValueTask ReadBytesAsync(
        SafetensorsTensor tensor, Memory<byte> destination, long start = 0, CancellationToken cancellation = default)
    {
        Seek(tensor, start, destination.Length);
        return _stream.ReadExactlyAsync(destination, cancellation);
    }

    /// <summary>Copies the bytes of a tensor, of any length, to a stream.</summary>
    /// <param name="tensor">The tensor, from <see cref="Tensors"/>.</param>
    /// <param name="destination">The stream to write to.</param>
    /// <exception cref="ArgumentException">The tensor is from another file.</exception>
    public void CopyTo(SafetensorsTensor tensor, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        AtOnce.Wait(CopyCore(tensor, destination, asynchronous: false, default));
    }

    /// <inheritdoc cref="CopyTo"/>
    /// <param name="tensor">The tensor, from <see cref="Tensors"/>.</param>
    /// <param name="destination">The stream to write to.</param>
    /// <param name="cancellation">Cancels the copy.</param>
    public Task CopyToAsync(SafetensorsTensor tensor, Stream destination, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return CopyCore(tensor, destination, asynchronous: true, cancellation).AsTask();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => Close(_stream, _leaveOpen);

    internal SafetensorsHeader Header => _header;

    /// <summary>The position of the first element, counted from the start of the stream.</summary>
    internal long DataStart => _dataStart;

    internal Stream Stream => _stream;

    /// <summary>
    /// Opens a file so that a save may replace it at the same time; the open stream still reads the old file. On Windows this needs a
    /// file system that supports it, such as NTFS.
    /// </summary>
    internal static FileStream OpenFile(string path, bool asynchronous)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new UnauthorizedAccessException(
                $"\"{path}\" is a folder. Give the path of a file in it, or load its newest checkpoint with a {nameof(CheckpointFolder)}.");
        }

        var file = new FileStream(path, new FileStreamOptions
        {
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            Options = asynchronous ? FileOptions.Asynchronous : FileOptions.None,
        });
        if (!file.CanSeek)
        {
            file.Dispose();
            throw new IOException($"\"{path}\" is a pipe or a device, which cannot seek. Copy its content to a file first.");
        }

        return file;
    }

    internal static async ValueTask<SafetensorsReader> OpenCore(
        Stream stream, bool leaveOpen, bool asynchronous, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead || !stream.CanSeek)
        {
            throw new ArgumentException("The stream cannot be read, or cannot seek. Copy it to a file or a MemoryStream first.", nameof(stream));
        }

        try
        {
            SafetensorsHeader header = await ReadHeader(stream, new StreamAccess(stream, asynchronous, cancellation))
                .ConfigureAwait(false);
            return new SafetensorsReader(stream, leaveOpen, header);
        }
        catch (CheckpointException exception) when (stream is FileStream file)
        {
            Close(stream, leaveOpen);
            throw new CheckpointException($"\"{file.Name}\" cannot be read. {exception.Message}", exception);
        }
        catch
        {
            Close(stream, leaveOpen);
            throw;
        }
    }

    private static void Close(Stream stream, bool leaveOpen)
    {
        if (!leaveOpen)
        {
            stream.Dispose();
        }
    }

    private static async ValueTask<SafetensorsHeader> ReadHeader(Stream stream, StreamAccess access)
    {
        long begin = stream.Position;
        try
        {
            return await ReadOwnHeader(stream, access).ConfigureAwait(false);
        }
        catch (CheckpointException exception)
        {
            stream.Position = begin;
            var sample = new byte[Math.Clamp(stream.Length - begin, 0, ForeignFile.SampleLength)];
            await access.ReadExactly(sample).ConfigureAwait(false);
            throw !SafetensorsHeader.MayBegin(sample) && ForeignFile.Describe(sample) is { } kind
                ? new CheckpointException($"It is not a safetensors file, but {kind}", exception)
                : exception;
        }
    }

    private static async ValueTask<SafetensorsHeader> ReadOwnHeader(Stream stream, StreamAccess access)
    {
        long total = Math.Max(stream.Length - stream.Position, 0);
        var start = new byte[sizeof(ulong)];
        if (total < start.Length)
        {
            throw new CheckpointException(total == 0
                ? "The file is empty: it has 0 bytes. Copy it again, or use an older one."
                : $"The file has {total} bytes, but a safetensors file begins with {start.Length} bytes for the length of its header.");
        }

        await access.ReadExactly(start).ConfigureAwait(false);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        long rest = total - start.Length;
        if (length > SafetensorsHeader.Longest)
        {
            throw new CheckpointException(
                $"The file is damaged, or is not a safetensors file: its first bytes give {length} bytes as the length of the header, but at most "
                + $"{SafetensorsHeader.Longest} are allowed.");
        }

        if ((long)length > rest)
        {
            throw new CheckpointException(
                $"The file is cut short: its header should have {length} bytes, but only {rest} follow. Copy the file again, or use an older one.");
        }

        var json = GC.AllocateUninitializedArray<byte>((int)length);
        await access.ReadExactly(json).ConfigureAwait(false);
        return SafetensorsHeader.Parse(json, rest - json.Length);
    }

    private async ValueTask CopyCore(
        SafetensorsTensor tensor, Stream destination, bool asynchronous, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Seek(tensor, 0, 0);
        var source = new StreamAccess(_stream, asynchronous, cancellation);
        var target = new StreamAccess(destination, asynchronous, cancellation);
        byte[] buffer = StreamAccess.BufferFor(tensor.ByteLength);
        for (long left = tensor.ByteLength; left > 0;)
        {
            Memory<byte> part = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
            await source.ReadExactly(part).ConfigureAwait(false);
            await target.Write(part).ConfigureAwait(false);
            left -= part.Length;
        }
    }

    private void Seek(SafetensorsTensor tensor, long start, long count)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!_header.ByName.TryGetValue(tensor.Name, out SafetensorsTensor? own) || own != tensor)
        {
            throw new ArgumentException($"{tensor} is not a tensor of this reader. Take it from its {nameof(Tensors)}.", nameof(tensor));
        }

        if (start < 0 || count > tensor.ByteLength || start > tensor.ByteLength - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), start, $"{tensor} has {tensor.ByteLength} bytes, but {count} bytes from byte {start} on were requested.");
        }

        _stream.Position = _dataStart + tensor.Begin + start;
    }
}
