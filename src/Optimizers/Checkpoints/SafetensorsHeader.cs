using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Optimizers.Checkpoints;

/// <summary>The header of a safetensors file: JSON with the type, the shape and the position of each tensor.</summary>
internal sealed class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";

    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const int Longest = 100_000_000;

    // Half of a surrogate pair throws here instead of being replaced.
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, SafetensorsTensor> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly long _dataLength;
    private long _covered;
    private bool _metadataSeen;

    private SafetensorsHeader(long dataLength) => _dataLength = dataLength;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public IReadOnlyDictionary<string, SafetensorsTensor> ByName => _byName;

    /// <summary>The tensors in the order of their elements.</summary>
    public SafetensorsTensor[] Tensors { get; private set; } = [];

    /// <summary>The position of the checksum's digits in the header; −1 if there is no valid checksum entry.</summary>
    public int ChecksumPosition { get; private set; } = -1;

    /// <summary>
    /// Whether bytes can be the start of a file of this format, complete or cut off: a length followed by a JSON object.
    /// </summary>
    public static bool MayBegin(ReadOnlySpan<byte> start) =>
        start.Length > sizeof(ulong)
        && System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(start) <= Longest
        && start[sizeof(ulong)] == '{';

    /// <summary>Reads a header, and compares all its entries with the length of the data after it.</summary>
    /// <exception cref="CheckpointException">The header is invalid.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        // The JSON reader checks the UTF-8 of a string only when the string is read, and then throws another exception.
        if (!System.Text.Unicode.Utf8.IsValid(json))
        {
            throw new CheckpointException("The header is not UTF-8, so the file is damaged or in another format.");
        }

        var header = new SafetensorsHeader(dataLength);
        try
        {
            header.Read(json);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"The header is not JSON, so the file is damaged or in another format: {exception.Message}", exception);
        }

        header.Arrange();
        return header;
    }

    /// <summary>Formats the header of tensors that follow one another without gaps.</summary>
    /// <returns>The length of the header in eight bytes, then the header.</returns>
    public static byte[] Format(
        IReadOnlyList<SafetensorsTensor> tensors, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write<byte>(stackalloc byte[sizeof(long)]);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            WriteMetadata(writer, metadata);
            foreach (SafetensorsTensor tensor in tensors)
            {
                WriteTensor(writer, tensor);
            }

            writer.WriteEndObject();
        }

        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        int length = bytes.Length - sizeof(long);
        if (length > Longest)
        {
            throw new ArgumentException(
                $"The header would have {length} bytes, but the format allows {Longest}. Write fewer tensors or shorter names and metadata into one file.", nameof(tensors));
        }

        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        return bytes;
    }

    /// <summary>The UTF-8 bytes of a text.</summary>
    /// <exception cref="ArgumentException">The text is null, or contains half of a surrogate pair.</exception>
    public static byte[] Utf8(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _strict.GetBytes(text);
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        KeyValuePair<string, string>[] ordered = [.. metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        if (ordered.Length == 0)
        {
            return;
        }

        writer.WriteStartObject(MetadataName);
        for (int i = 0; i < ordered.Length; i++)
        {
            (string key, string value) = ordered[i];
            if (i > 0 && key == ordered[i - 1].Key)
            {
                throw new ArgumentException($"The metadata contain the key {Quoted.Name(key)} twice. Give each key once.", nameof(metadata));
            }

            writer.WriteString(Utf8(key), Utf8(value));
        }

        writer.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter writer, SafetensorsTensor tensor)
    {
        writer.WriteStartObject(tensor.Name);
        writer.WriteString("dtype"u8, SafetensorsTypes.NameOf(tensor.Type));
        writer.WriteStartArray("shape"u8);
        foreach (long length in tensor.Shape)
        {
            writer.WriteNumberValue(length);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("data_offsets"u8);
        writer.WriteNumberValue(tensor.Begin);
        writer.WriteNumberValue(tensor.End);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        Next(ref reader);
        Expect(ref reader, JsonTokenType.StartObject, "The header", "an object");
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string name = Text(ref reader);
            Next(ref reader);
            if (name == MetadataName)
            {
                ReadMetadata(ref reader);
            }
            else if (!_byName.TryAdd(name, ReadTensor(ref reader, name)))
            {
                throw new CheckpointException($"The header names the tensor {Quoted.Name(name)} twice.");
            }
        }

        // After the object only white space is valid JSON.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_metadataSeen)
        {
            throw new CheckpointException($"The header has {MetadataName} twice.");
        }

        _metadataSeen = true;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        Expect(ref reader, JsonTokenType.StartObject, MetadataName, "an object");
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string key = Text(ref reader);
            Next(ref reader);
            Expect(ref reader, JsonTokenType.String, $"{MetadataName} {Quoted.Name(key)}", "a string");
            if (!_metadata.TryAdd(key, Text(ref reader)))
            {
                throw new CheckpointException($"{MetadataName} has the key {Quoted.Name(key)} twice.");
            }

            if (key == FileChecksum.Key && FileChecksum.IsDigits(reader.ValueSpan))
            {
                ChecksumPosition = (int)reader.TokenStartIndex + 1;
            }
        }
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartObject, Quoted.Name(name), "an object");
        SafetensorsType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string field = Text(ref reader);
            Next(ref reader);
            switch (field)
            {
                case "dtype" when type is null:
                    type = ReadType(ref reader, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, field);
                    break;
                default:
                    throw new CheckpointException($"{Quoted.Name(name)} has the unknown or repeated field {Quoted.Name(field)}: the fields are dtype, shape and data_offsets, each once.");
            }
        }

        return type is { } found && shape is not null && offsets is not null
            ? Placed(name, found, shape, offsets)
            : throw new CheckpointException($"{Quoted.Name(name)} lacks a field: dtype, shape and data_offsets are required.");
    }

    private SafetensorsTensor Placed(string name, SafetensorsType type, long[] shape, long[] offsets)
    {
        if (offsets is not [long begin, long end] || end < begin)
        {
            throw new CheckpointException(
                $"{Quoted.Name(name)} has the data_offsets {Quoted.Shape(offsets)}, which are not a start and an end.");
        }

        if (end > _dataLength)
        {
            throw new CheckpointException(
                $"The file is cut short: {Quoted.Name(name)} has the data_offsets {Quoted.Shape(offsets)}, but the file has only {_dataLength} bytes "
                + "of data. Copy the file again, or use an older one.");
        }

        if (SafetensorsTypes.BytesOf(type, shape) is not { } bytes)
        {
            throw new CheckpointException($"{Quoted.Name(name)} is too large (it has more bytes than the format can count), or its last element ends within a byte.");
        }

        if (bytes != end - begin)
        {
            throw new CheckpointException(
                $"{Quoted.Name(name)} has {bytes} bytes by its type and shape, but {end - begin} by its data_offsets.");
        }

        // This check is done before a header with a million entries for the same bytes uses much memory.
        _covered += bytes;
        return _covered <= _dataLength
            ? new SafetensorsTensor(name, type, shape, begin, bytes)
            : throw new CheckpointException($"{Quoted.Name(name)} overlaps other tensors: together they have more bytes than the file.");
    }

    // Every byte must belong to exactly one tensor.
    private void Arrange()
    {
        Tensors = [.. _byName.Values];
        Array.Sort(Tensors, static (one, other) => (one.Begin, one.End).CompareTo((other.Begin, other.End)));
        long end = 0;
        foreach (SafetensorsTensor tensor in Tensors)
        {
            if (tensor.Begin != end)
            {
                throw new CheckpointException(
                    $"{Quoted.Name(tensor.Name)} begins at byte {tensor.Begin} of the data, but the tensors before it end at byte {end}. There must be no gaps and no overlaps.");
            }

            end = tensor.End;
        }

        if (end != _dataLength)
        {
            throw new CheckpointException(
                $"The tensors have {end} bytes, but {_dataLength} follow the header: data were added after the last tensor, or the header is "
                + "damaged. Copy the file again, or use an older one.");
        }
    }

    private static SafetensorsType ReadType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, $"The dtype of {Quoted.Name(name)}", "a string");
        string type = Text(ref reader);
        return SafetensorsTypes.Find(type)
            ?? throw new CheckpointException($"{Quoted.Name(name)} has the dtype {Quoted.Name(type)}, which this library does not know.");
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"The {field} of {Quoted.Name(name)}", "an array");
        var numbers = new List<long>();
        while (Next(ref reader) != JsonTokenType.EndArray)
        {
            // Read as unsigned, because −0, 1.0 and 1e2 are not valid whole numbers in this format.
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out ulong number) || number > long.MaxValue)
            {
                throw new CheckpointException($"The {field} of {Quoted.Name(name)} has an element that is not a length: only whole numbers from 0 to 2^63 - 1 are allowed.");
            }

            numbers.Add((long)number);
        }

        return [.. numbers];
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) =>
        reader.Read() ? reader.TokenType : throw new JsonException("It ends too early.");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what, string kind)
    {
        if (reader.TokenType != type)
        {
            throw new CheckpointException($"{what} is not {kind}.");
        }
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("A string contains half of a surrogate pair.", exception);
        }
    }
}
