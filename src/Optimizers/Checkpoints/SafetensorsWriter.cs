namespace Optimizers.Checkpoints;

/// <summary>
/// Writes a safetensors file from front to back, in bounded memory. First describe the tensors, then write the
/// elements of each in the order of the file.
/// </summary>
/// <remarks>
/// The file equals that of the reference implementation byte for byte, and equal contents give equal files. Tensors are sorted by type,
/// wide types first, then by name; metadata are sorted by key; the header is padded to a multiple of eight bytes.
/// </remarks>
/// <example>
/// <code>
/// using FileStream file = File.Create("model.safetensors");
/// var writer = new SafetensorsWriter(file, [new("bias", SafetensorsType.F32, 64), new("weight", SafetensorsType.F32, 64, 32)]);
/// writer.Write&lt;float&gt;("bias", bias);
/// writer.Write&lt;float&gt;("weight", weight);
/// writer.Complete();
/// </code>
/// </example>
public sealed class SafetensorsWriter
{
    private readonly Stream _stream;
    private readonly SafetensorsTensor[] _tensors;
    private readonly byte[] _header;
    private bool _headerWritten;
    private int _next;
    private long _written;

    /// <summary>Makes a writer. Nothing is written yet.</summary>
    /// <param name="stream">The stream to write to. It need not be able to seek, and stays open.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">The metadata to store beside the tensors; null: none.</param>
    /// <exception cref="ArgumentException">The stream cannot be written, two tensors or two keys have the same name, a text is
    /// null or contains half of a surrogate pair, or the header would be longer than the format allows.</exception>
    public SafetensorsWriter(
        Stream stream,
        IEnumerable<SafetensorsTensor> tensors,
        IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        if (!stream.CanWrite)
        {
            throw new ArgumentException("The stream cannot be written. Open it for writing.", nameof(stream));
        }

        _stream = stream;
        _tensors = Arrange(tensors);
        _header = SafetensorsHeader.Format(_tensors, metadata ?? []);
    }

    /// <summary>The tensors in the order of the file. Their elements must be written in this order.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors => Array.AsReadOnly(_tensors);

    /// <summary>The length of the whole file, in bytes.</summary>
    public long Length => _header.Length + (_tensors.Length == 0 ? 0 : _tensors[^1].End);

    /// <summary>Writes elements of the next tensor: all that are left, or some of them.</summary>
    /// <typeparam name="T">The type of the elements: any type of the format that .NET has, or <see cref="BFloat16"/>.</typeparam>
    /// <param name="name">The name of the tensor.</param>
    /// <param name="elements">The next elements of the tensor, row-major.</param>
    /// <exception cref="ArgumentException">Another tensor is next, or the tensor has another type or fewer elements left.</exception>
    public void Write<T>(string name, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        Begin(name, (long)elements.Length * Unsafe.SizeOf<T>(), SafetensorsTypes.Of<T>());
        WriteHeader();
        byte[] buffer = StreamAccess.BufferFor((long)elements.Length * Unsafe.SizeOf<T>());
        while (!elements.IsEmpty)
        {
            ReadOnlySpan<T> part = elements[..Math.Min(elements.Length, StreamAccess.Chunk / Unsafe.SizeOf<T>())];
            Span<byte> bytes = buffer.AsSpan(0, part.Length * Unsafe.SizeOf<T>());
            LittleEndian.Write(part, bytes);
            _stream.Write(bytes);
            elements = elements[part.Length..];
        }
    }

    /// <summary>Writes bytes of the next tensor, of any type: all that are left, or some of them.</summary>
    /// <param name="name">The name of the tensor.</param>
    /// <param name="bytes">The next bytes of the tensor, in the byte order of the file.</param>
    /// <exception cref="ArgumentException">Another tensor is next, or the tensor has fewer bytes left.</exception>
    public void WriteBytes(string name, ReadOnlySpan<byte> bytes)
    {
        Begin(name, bytes.Length);
        WriteHeader();
        _stream.Write(bytes);
    }

    /// <inheritdoc cref="WriteBytes(string, ReadOnlySpan{byte})"/>
    /// <param name="name">The name of the tensor.</param>
    /// <param name="bytes">The next bytes of the tensor, in the byte order of the file.</param>
    /// <param name="cancellation">Cancels the write. The file is then incomplete.</param>
    public Task WriteBytesAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
        WriteBytes(name, bytes, new StreamAccess(_stream, asynchronous: true, cancellation)).AsTask();

    /// <summary>Completes the file. All elements must have been written.</summary>
    /// <exception cref="InvalidOperationException">Elements are missing; the message names the tensor.</exception>
    public void Complete()
    {
        Skip(until: null);
        if (_next < _tensors.Length)
        {
            throw new InvalidOperationException(
                $"{_tensors[_next]} lacks {_tensors[_next].ByteLength - _written} bytes. Write them before {nameof(Complete)}.");
        }

        WriteHeader();
    }

    /// <summary>Orders tensors as the format requires, and gives each its position in the file.</summary>
    internal static SafetensorsTensor[] Arrange(IEnumerable<SafetensorsTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var keyed = new List<(SafetensorsTensor Tensor, byte[] Name)>();
        foreach (SafetensorsTensor tensor in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"There are two tensors with the name {Quoted.Name(tensor.Name)}. Give each tensor its own name.", nameof(tensors));
            }

            keyed.Add((tensor, SafetensorsHeader.Utf8(tensor.Name)));
        }

        // Sorted by the bytes of the names, as in the reference implementation.
        keyed.Sort(static (one, other) => one.Tensor.Type == other.Tensor.Type
            ? one.Name.AsSpan().SequenceCompareTo(other.Name)
            : other.Tensor.Type.CompareTo(one.Tensor.Type));
        var arranged = new SafetensorsTensor[keyed.Count];
        long end = 0;
        for (int i = 0; i < arranged.Length; i++)
        {
            arranged[i] = keyed[i].Tensor.At(end);
            end = checked(end + arranged[i].ByteLength);
        }

        return arranged;
    }

    private async ValueTask WriteBytes(string name, ReadOnlyMemory<byte> bytes, StreamAccess access)
    {
        Begin(name, bytes.Length);
        await WriteHeader(access).ConfigureAwait(false);
        await access.Write(bytes).ConfigureAwait(false);
    }

    private void WriteHeader() => AtOnce.Wait(WriteHeader(new StreamAccess(_stream, asynchronous: false)));

    private ValueTask WriteHeader(StreamAccess access)
    {
        bool written = _headerWritten;
        _headerWritten = true;
        return written ? ValueTask.CompletedTask : access.Write(_header);
    }

    private void Begin(string name, long bytes, SafetensorsType? type = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        Skip(until: name);
        if (_next == _tensors.Length || _tensors[_next].Name != name)
        {
            string turn = _next < _tensors.Length ? $"The next tensor is {_tensors[_next]}" : "All tensors are written";
            throw new ArgumentException($"{turn}, so {Quoted.Name(name)} cannot be written now. Write the tensors in the order of {nameof(Tensors)}.", nameof(name));
        }

        SafetensorsTensor tensor = _tensors[_next];
        if (type is { } given && given != tensor.Type)
        {
            throw new ArgumentException($"{tensor} cannot be written as {SafetensorsTypes.NameOf(given)}. Pass elements of its own type.", nameof(name));
        }

        if (bytes > tensor.ByteLength - _written)
        {
            throw new ArgumentException(
                $"{tensor} has {tensor.ByteLength} bytes, but {_written + bytes} bytes were passed for it.", nameof(name));
        }

        _written += bytes;
    }

    // Skips complete tensors, so a tensor without elements need not be written.
    private void Skip(string? until)
    {
        while (_next < _tensors.Length && _tensors[_next].Name != until && _written == _tensors[_next].ByteLength)
        {
            _next++;
            _written = 0;
        }
    }
}
