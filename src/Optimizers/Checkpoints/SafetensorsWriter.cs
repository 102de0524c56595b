namespace Optimizers.Checkpoints;

/// <summary>
/// Writes a safetensors file from front to back, in bounded memory: first say which tensors it is to have, then give the
/// elements of each, in the order of the file.
/// </summary>
/// <remarks>
/// The file is that of the reference implementation byte for byte, and the same for the same content: tensors by type,
/// wide ones first, then by name; metadata by key; the header padded to a multiple of eight bytes.
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

    /// <summary>Says what the file is to have. Nothing is written yet.</summary>
    /// <param name="stream">Where it is written to; it need not be able to seek, and is left open.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">What is noted beside them; null: nothing.</param>
    /// <exception cref="ArgumentException">The stream cannot be written, two tensors or two keys have the same name, a text is
    /// null or has half of a surrogate pair, or the header would be longer than the format allows.</exception>
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

    /// <summary>The tensors in the order of the file, which is that in which their elements are to be written.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors => Array.AsReadOnly(_tensors);

    /// <summary>The length of the whole file, in bytes.</summary>
    public long Length => _header.Length + (_tensors.Length == 0 ? 0 : _tensors[^1].End);

    /// <summary>Writes elements of the tensor whose turn it is: all that are left, or some.</summary>
    /// <typeparam name="T">The type of the elements: any that .NET has, or <see cref="BFloat16"/>.</typeparam>
    /// <param name="name">The tensor.</param>
    /// <param name="elements">Its next elements, row-major.</param>
    /// <exception cref="ArgumentException">It is another tensor's turn, or the tensor is of another type or has fewer elements.</exception>
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

    /// <summary>Writes bytes of the tensor whose turn it is, whatever its type: all that are left, or some.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="bytes">Its next bytes, as the file is to have them.</param>
    /// <exception cref="ArgumentException">It is another tensor's turn, or the tensor has fewer bytes.</exception>
    public void WriteBytes(string name, ReadOnlySpan<byte> bytes)
    {
        Begin(name, bytes.Length);
        WriteHeader();
        _stream.Write(bytes);
    }

    /// <inheritdoc cref="WriteBytes(string, ReadOnlySpan{byte})"/>
    /// <param name="name">The tensor.</param>
    /// <param name="bytes">Its next bytes, as the file is to have them.</param>
    /// <param name="cancellation">Stops it; the file is incomplete then.</param>
    public Task WriteBytesAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
        WriteBytes(name, bytes, new StreamAccess(_stream, asynchronous: true, cancellation)).AsTask();

    /// <summary>Says that all is written.</summary>
    /// <exception cref="InvalidOperationException">Elements are missing; the message says of which tensor.</exception>
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

    /// <summary>Puts tensors one after the other, in the order of the format.</summary>
    internal static SafetensorsTensor[] Arrange(IEnumerable<SafetensorsTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var keyed = new List<(SafetensorsTensor Tensor, byte[] Name)>();
        foreach (SafetensorsTensor tensor in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"There are two tensors {Quoted.Name(tensor.Name)}. Names must differ.", nameof(tensors));
            }

            keyed.Add((tensor, SafetensorsHeader.Utf8(tensor.Name)));
        }

        // By the bytes of the names, as the reference implementation does.
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
            string turn = _next < _tensors.Length ? $"It is the turn of {_tensors[_next]}" : "All tensors are written, so it is the turn of none";
            throw new ArgumentException($"{turn}, not of {Quoted.Name(name)}. Write the tensors in the order of {nameof(Tensors)}.", nameof(name));
        }

        SafetensorsTensor tensor = _tensors[_next];
        if (type is { } given && given != tensor.Type)
        {
            throw new ArgumentException($"{tensor} cannot be written as {SafetensorsTypes.NameOf(given)}: give it elements of its own type.", nameof(name));
        }

        if (bytes > tensor.ByteLength - _written)
        {
            throw new ArgumentException(
                $"{tensor} has {tensor.ByteLength} bytes, but {_written + bytes} are given.", nameof(name));
        }

        _written += bytes;
    }

    // Over what is complete: a tensor without elements need not be written.
    private void Skip(string? until)
    {
        while (_next < _tensors.Length && _tensors[_next].Name != until && _written == _tensors[_next].ByteLength)
        {
            _next++;
            _written = 0;
        }
    }
}
