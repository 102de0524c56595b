using System.Text;

namespace Optimizers.Tests;

/// <summary>Untrusted files: valid contents are read, invalid contents are refused.</summary>
public sealed class SafetensorsReaderTests
{
    private const string Four = "[0,16]";

    /// <summary>A file, and a part of the message if it is refused; null if it is accepted.</summary>
    public static TheoryData<string, byte[], string?> Files()
    {
        string w = SafetensorsBytes.Entry("w", "I32", "[2,2]", Four);
        var files = new TheoryData<string, byte[], string?>
        {
            { "empty", [], "0 bytes" },
            { "seven bytes", new byte[7], "7 bytes" },
            { "header length near 2^64", [0x3C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF], "header" },
            { "length 100000001", SafetensorsBytes.File("{}", 0, 100_000_001), "at most 100000000" },
            { "length 2^63", SafetensorsBytes.File("{}", 0, 1UL << 63), "header" },
            { "not UTF-8", SafetensorsBytes.File([0xFF], []), "UTF-8" },
            { "no header", SafetensorsBytes.File(string.Empty), "JSON" },
            { "incomplete JSON", SafetensorsBytes.File("{"), "JSON" },
            { "white space after", SafetensorsBytes.File("{}\r \t\n"), null },
            { "white space around", SafetensorsBytes.File("\t\n{}\r \t\n"), null },
            { "padded", SafetensorsBytes.File("{}      "), null },
            { "golden", SafetensorsBytes.File($"{{{w}}}", 16), null },
            { "scalar", SafetensorsBytes.File($"{{{SafetensorsBytes.Entry("s", "I32", "[]", "[0,4]")}}}", 4), null },
            { "no elements", SafetensorsBytes.File($"{{{SafetensorsBytes.Entry("e", "I32", "[2,0]", "[0,0]")}}}"), null },
            { "too many bytes", SafetensorsBytes.File($"{{{w}}}", 32), "32 follow" },
            { "too few bytes", SafetensorsBytes.File($"{{{w}}}", 14), "\"w\"" },
            { "size", Tensor("I32", "[2,2]", "[0,4]"), "16 bytes by its type and shape, but 4" },
            { "overflow", Tensor("I32", "[2,9223372036854775807]", Four), "too large" },
            { "overflow of 64 bits", Tensor("I32", "[2,18446744073709551614]", Four), "not a length" },
            { "overflow of bits", Tensor("F64", "[1152921504606846976]", Four), "too large" },
            { "overflow before a zero", Tensor("U8", "[9223372036854775807,9223372036854775807,0]", "[0,0]", 0), "too large" },
            { "zero before an overflow", Tensor("U8", "[0,9223372036854775807,9223372036854775807]", "[0,0]", 0), null },
            {
                "ten tensors on the same bytes",
                SafetensorsBytes.File(
                    $"{{{string.Join(",", Enumerable.Range(0, 10).Select(i => SafetensorsBytes.Entry($"w{i}", "I32", "[2,2]", Four)))}}}", 16),
                "\"w1\" overlaps"
            },
            { "hole at the start", Tensor("I32", "[2,2]", "[4,20]", 20), "\"w\" begins at byte 4" },
            { "end before begin", Tensor("I32", "[2,2]", "[16,0]"), "[16, 0]" },
            { "beyond the end", Tensor("I32", "[2,2]", "[16,32]"), "[16, 32]" },
            { "name twice", SafetensorsBytes.File($"{{{w},{w}}}", 16), "\"w\"" },
            {
                "name twice without elements",
                SafetensorsBytes.File($"{{{SafetensorsBytes.Entry("a", "U8", "[0]", "[0,0]")},{SafetensorsBytes.Entry("\\u0061", "U8", "[0]", "[0,0]")}}}"),
                "tensor \"a\" twice"
            },
            { "metadata twice", SafetensorsBytes.File("{\"__metadata__\":{},\"__metadata__\":{}}"), "__metadata__ twice" },
            { "key of metadata twice", SafetensorsBytes.File("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"), "\"a\" twice" },
            { "metadata of number", SafetensorsBytes.File("{\"__metadata__\":{\"a\":1}}"), "\"a\" is not a string" },
            { "metadata of null", SafetensorsBytes.File("{\"__metadata__\":{\"a\":null}}"), "\"a\" is not a string" },
            { "metadata of object", SafetensorsBytes.File("{\"__metadata__\":{\"a\":{}}}"), "\"a\" is not a string" },
            { "metadata is text", SafetensorsBytes.File("{\"__metadata__\":\"a\"}"), "not an object" },
            { "metadata is null", SafetensorsBytes.File("{\"__metadata__\":null}"), null },
            { "unknown field", SafetensorsBytes.File("{\"w\":{\"x\":1,\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"), "repeated field \"x\"" },
            { "field twice", SafetensorsBytes.File("{\"w\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"), "repeated field \"dtype\"" },
            { "no type", SafetensorsBytes.File("{\"w\":{\"shape\":[0],\"data_offsets\":[0,0]}}"), "lacks" },
            { "no shape", SafetensorsBytes.File("{\"w\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}"), "lacks" },
            { "no offsets", SafetensorsBytes.File("{\"w\":{\"dtype\":\"U8\",\"shape\":[0]}}"), "lacks" },
            { "one offset", Tensor("I32", "[2,2]", "[16]"), "[16]" },
            { "three offsets", Tensor("I32", "[2,2]", "[0,16,16]"), "[0, 16, 16]" },
            { "half of a pair of surrogates", SafetensorsBytes.File("{\"\\ud800\":{}}"), "surrogate" },
            { "half of a pair as a value", SafetensorsBytes.File("{\"__metadata__\":{\"a\":\"\\udc00\"}}"), "surrogate" },
            { "deep", SafetensorsBytes.File($"{{\"w\":{new string('[', 4_000)}{new string(']', 4_000)}}}"), "not an object" },
            { "too deep in metadata", SafetensorsBytes.File($"{{\"__metadata__\":{{\"a\":{new string('[', 4_000)}{new string(']', 4_000)}}}}}"), "not a string" },
            { "byte order mark", SafetensorsBytes.File("\uFEFF{}"), "JSON" },
            { "zeros for padding", SafetensorsBytes.File("{}\0\0"), "JSON" },
            { "comment", SafetensorsBytes.File("{/**/}"), "JSON" },
            { "trailing comma", SafetensorsBytes.File($"{{{w},}}", 16), "JSON" },
            { "sub-byte, whole", Tensor("F4", "[2,3]", "[0,3]", 3), null },
            { "sub-byte, part", Tensor("F4", "[1,3]", "[0,1]", 1), "ends within a byte" },
            { "six-bit elements in whole bytes", Tensor("F6_E3M2", "[4]", "[0,3]", 3), null },
            { "six-bit elements ending within a byte", Tensor("F6_E2M3", "[3]", "[0,3]", 3), "ends within a byte" },
            { "unknown type", Tensor("F3", "[2,2]", Four), "\"F3\"" },
            { "type in lower case", Tensor("f32", "[2,2]", Four), "\"f32\"" },
            { "type is a number", SafetensorsBytes.File("{\"w\":{\"dtype\":1,\"shape\":[0],\"data_offsets\":[0,0]}}"), "not a string" },
            { "shape is a number", Tensor("U8", "0", "[0,0]", 0), "not an array" },
            { "cut short in its header", SafetensorsBytes.File($"{{{w}}}", 16)[..40], "cut short" },
            { "cut short in its data", SafetensorsBytes.File($"{{{w}}}", 16)[..^1], "cut short" },
            { "length only", [0x3C, 0, 0, 0, 0, 0, 0, 0], "cut short" },
            { "nothing", [], "is empty" },
            { "Git LFS", Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "not a safetensors file, but a Git LFS pointer" },
            { "zip", [.. "PK\u0003\u0004"u8, .. new byte[60]], "not a safetensors file, but a zip archive, as torch.save" },
            { "empty zip", [.. "PK\u0005\u0006"u8, .. new byte[18]], "empty zip" },
            { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, .. new byte[60]], "not a safetensors file, but compressed with gzip. Decompress" },
            { "gzip as long as its header would be", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, .. new byte[600_000]], "compressed with gzip. Decompress" },
            { "pickle", [0x80, 2, 0x8A, 10, .. new byte[60]], "a Python pickle, as torch.save" },
            { "small pickle", [0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'}', (byte)'.'], "a Python pickle, as torch.save" },
            { "tar", [.. "model.bin"u8, .. new byte[248], .. "ustar"u8, .. new byte[250]], "a tar archive. Unpack" },
            { "HDF5", [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[60]], "HDF5" },
            { "NumPy", [0x93, .. "NUMPY\u0001\0"u8, .. new byte[60]], "a NumPy array" },
            { "zeros", new byte[4_096], "zeros, as in a file that was never written" },
            { "HTML", Encoding.ASCII.GetBytes("<!DOCTYPE html><html></html>"), "HTML" },
            { "text", Encoding.UTF8.GetBytes("Größe: 12\nof the world\n"), "not a safetensors file, but text that begins with \"Größe: 12\"." },
            { "short text", "no"u8.ToArray(), "text that begins with \"no\"." },
            { "long text", Encoding.UTF8.GetBytes(new string('ü', 10_000)), "text that begins with \"üüü" },
            { "JSON", Encoding.UTF8.GetBytes("{\"metadata\": {}, \"weight_map\": {}}"), "JSON, such as the index" },
            { "UTF-16", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("text")).ToArray(), "text in UTF-16" },
        };
        foreach (string number in new[] { "-1", "1.0", "1e2", "-0", "18446744073709551616", "\"0\"", "null", "[0]" })
        {
            files.Add($"dimension {number}", Tensor("U8", $"[{number}]", "[0,0]", 0), "not a length");
            files.Add($"offset {number}", Tensor("U8", "[0]", $"[{number},0]", 0), "not a length");
        }

        foreach (SafetensorsType type in Enum.GetValues<SafetensorsType>())
        {
            int bytes = (int)SafetensorsTypes.BytesOf(type, [4])!;
            files.Add($"type {type}", Tensor(SafetensorsTypes.NameOf(type), "[4]", $"[0,{bytes}]", bytes), null);
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task FileIsReadOrRefusedWithTheReason(string name, byte[] file, string? refusal)
    {
        Func<SafetensorsReader> open = () => SafetensorsBytes.Open(file);
        if (refusal is null)
        {
            open().Dispose();
            (await SafetensorsReader.OpenAsync(new MemoryStream(file))).Dispose();
            return;
        }

        open.Should().Throw<CheckpointException>(name).Which.Message.Should().Contain(refusal);
        Func<Task> openLater = () => SafetensorsReader.OpenAsync(new MemoryStream(file));
        await openLater.Should().ThrowAsync<CheckpointException>();
    }

    [Theory]
    [InlineData("\"w{0}\":{{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", 0.5)]
    [InlineData("\"w{0}\":{{\"shape\":[2,2],\"dtype\":\"I32\",\"data_offsets\":[0,16]}}", 0.5)]
    public void MillionTensorsOnTheSameBytesAreRefusedEarly(string entry, double timesTheFile)
    {
        var header = new StringBuilder("{");
        for (int i = 0; i < 1_000_000; i++)
        {
            header.AppendFormat(null, entry, i).Append(',');
        }

        header.Length--;
        byte[] file = SafetensorsBytes.File(header.Append('}').ToString(), 16);
        header.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Action open = () => SafetensorsBytes.Open(file);
        open.Should().Throw<CheckpointException>().WithMessage("*\"w1\" overlaps*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan((long)(file.Length * (1 + timesTheFile)), "the header is read once");
    }

    [Fact]
    public void LengthBeyondTheFileIsNotAllocated()
    {
        byte[] file = SafetensorsBytes.File("{}", 0, 99_999_999);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Action open = () => SafetensorsBytes.Open(file);
        open.Should().Throw<CheckpointException>();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(200_000);
    }

    [Fact]
    public void ElementsAreReadCompletelyOrInPart()
    {
        float[] values = [1, -2, float.NaN, float.PositiveInfinity, -0f];
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(
            file, [new("half", SafetensorsType.F16, 2), new("w", SafetensorsType.F32, 5), new("b", SafetensorsType.BF16, 1)]);
        writer.Write("w", values.AsSpan(0, 3));
        writer.Write("w", values.AsSpan(3));
        writer.Write("b", [BFloat16.Round(1.5f)]);
        writer.Write("half", [(Half)0.5f, Half.NaN]);
        writer.Complete();

        using SafetensorsReader reader = SafetensorsBytes.Open(file.ToArray());
        var read = new float[5];
        reader.Read<float>(reader["w"], read);
        read.ShouldHaveTheBitsOf(values, "whole");
        reader.Read(reader["w"], read.AsSpan(0, 2), start: 3);
        read[..2].ShouldHaveTheBitsOf(values[3..], "part");
        var half = new Half[2];
        reader.Read<Half>(reader["half"], half);
        half.Should().Equal((Half)0.5f, Half.NaN);
        var rounded = new BFloat16[1];
        reader.Read<BFloat16>(reader["b"], rounded);
        rounded.Should().Equal(BFloat16.Round(1.5f));
    }

    [Fact]
    public void UnknownTensorThrowsAnArgumentException()
    {
        byte[] file = Tensor("F32", "[2,2]", Four);
        using SafetensorsReader reader = SafetensorsBytes.Open(file);
        using SafetensorsReader other = SafetensorsBytes.Open(file);
        SafetensorsTensor w = reader["w"];
        foreach (Action action in new Action[]
                 {
                     () => _ = reader["v"],
                     () => reader.Read<double>(w, new double[2]),
                     () => reader.Read<bool>(w, new bool[2]),
                     () => reader.Read<float>(w, new float[5]),
                     () => reader.Read<float>(w, new float[4], start: 1),
                     () => reader.Read<float>(w, new float[4], start: -1),
                     () => reader.Read<float>(w, new float[1], start: long.MaxValue),
                     () => reader.ReadBytes(w, new byte[17]),
                     () => reader.ReadBytes(w, new byte[1], start: 16),
                     () => reader.ReadBytes(other["w"], new byte[1]),
                     () => SafetensorsReader.Open(new Unseekable()),
                     () => SafetensorsReader.Open(string.Empty),
                 })
        {
            action.Should().Throw<ArgumentException>();
        }
    }

    /// <summary>The length of the header may have the first bytes of another file format.</summary>
    [Theory]
    [InlineData(0x088B1F)]
    [InlineData(0x0280)]
    public void HeaderLengthLikeAnotherFileKindIsAccepted(int length)
    {
        byte[] file = SafetensorsBytes.File("{}".PadRight(length));
        SafetensorsBytes.Open(file).Dispose();
        new Action(() => SafetensorsBytes.Open(file[..^1])).Should().Throw<CheckpointException>().WithMessage("*cut short*");
    }

    [Fact]
    public void FolderThrows()
    {
        using var folder = new TemporaryFolder();
        new Action(() => SafetensorsReader.Open(folder.ToString())).Should().Throw<UnauthorizedAccessException>()
            .WithMessage($"*{folder}*is a folder*{nameof(CheckpointFolder)}*");
        File.WriteAllText(folder["notes"], "A note.");
        new Action(() => SafetensorsReader.Open(folder["notes"])).Should().Throw<CheckpointException>()
            .WithMessage($"\"{folder["notes"]}\" cannot be read. It is not a safetensors file, but text that begins with \"A note.\".");
    }

    [Fact]
    public void StreamIsReadFromItsPositionAndMayStayOpen()
    {
        byte[] file = [9, 9, 9, .. Tensor("U8", "[2]", "[0,2]", 2)];
        file[^1] = 7;
        using var stream = new MemoryStream(file) { Position = 3 };
        using (SafetensorsReader reader = SafetensorsReader.Open(stream, leaveOpen: true))
        {
            SafetensorsBytes.BytesOf(reader, reader["w"]).Should().Equal(0, 7);
        }

        stream.CanRead.Should().BeTrue();
        SafetensorsReader.Open(new MemoryStream(file[3..])).Dispose();
    }

    [Fact]
    public void NamesFromAFileAreShortenedAndEscapedInMessages()
    {
        string name = "\\u001b[31m\\n" + new string('x', 10_000);
        Action open = () => SafetensorsBytes.Open(SafetensorsBytes.File($"{{\"{name}\":1}}"));
        string message = open.Should().Throw<CheckpointException>().Which.Message;
        message.Length.Should().BeLessThan(200);
        message.Any(char.IsControl).Should().BeFalse();
    }

    private static byte[] Tensor(string type, string shape, string offsets, int dataLength = 16) =>
        SafetensorsBytes.File($"{{{SafetensorsBytes.Entry("w", type, shape, offsets)}}}", dataLength);

    private sealed class Unseekable : MemoryStream
    {
        public override bool CanSeek => false;
    }
}
