using System.Security.Cryptography;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The library's reader agrees with the reference reader on these files.</summary>
[Trait("Category", "Golden")]
public sealed class ReferenceVectorTests
{
    private const string VectorFile = "vectors.json";

    private static readonly Lazy<JsonElement[]> _vectors = new(() =>
        [.. JsonElement.Parse(File.ReadAllBytes(GoldenData.PathOf("checkpoints", VectorFile))).GetProperty("vectors").EnumerateArray()]);

    [GoldenFileFact(VectorFile)]
    public void ReaderAgreesWithTheReference()
    {
        _vectors.Value.Should().HaveCountGreaterThan(GoldenData.IsReplaced ? 0 : 300);
        _vectors.Value.Select(Disagreement).OfType<string>().Should().BeEmpty();
    }

    [GoldenFileFact(VectorFile)]
    public void AcceptedFilesKeepTheirContentWhenRewritten()
    {
        JsonElement[] accepted = [.. _vectors.Value.Where(vector => IsAccepted(vector) && !MayBeRefused(vector))];
        accepted.Should().NotBeEmpty();
        foreach (JsonElement vector in accepted)
        {
            using SafetensorsReader reader = SafetensorsBytes.Open(Data(vector));
            using SafetensorsReader again = SafetensorsBytes.Open(SafetensorsBytes.Rewritten(reader));
            again.Metadata.Should().Equal(reader.Metadata);
            again.Tensors.Should().HaveSameCount(reader.Tensors);
            foreach (SafetensorsTensor tensor in reader.Tensors)
            {
                again[tensor.Name].ToString().Should().Be(tensor.ToString());
                SafetensorsBytes.BytesOf(again, again[tensor.Name]).Should().Equal(SafetensorsBytes.BytesOf(reader, tensor));
            }
        }
    }

    [GoldenFileFact(VectorFile)]
    public void WriterGivesTheBytesOfTheReferenceWriter()
    {
        string folder = Path.GetDirectoryName(GoldenData.PathOf("checkpoints", VectorFile))!;
        int compared = 0;
        IEnumerable<byte[]> files = Directory.EnumerateFiles(folder, "*.safetensors")
            .Select(File.ReadAllBytes)
            .Concat(_vectors.Value.Where(vector => Name(vector) == "reference-writer").Select(Data));
        foreach (byte[] file in files)
        {
            using SafetensorsReader reader = SafetensorsBytes.Open(file);
            if (reader.Metadata.Keys.SequenceEqual(reader.Metadata.Keys.Order(StringComparer.Ordinal)))
            {
                SafetensorsBytes.Rewritten(reader).Should().Equal(file);
                compared++;
            }
        }

        compared.Should().BePositive();
    }

    private static string? Disagreement(JsonElement vector)
    {
        bool mayRefuse = !IsAccepted(vector) || MayBeRefused(vector);
        SafetensorsReader reader;
        try
        {
            reader = SafetensorsBytes.Open(Data(vector));
        }
        catch (CheckpointException exception)
        {
            return mayRefuse ? null : $"{Name(vector)} is refused: {exception.Message}";
        }

        using (reader)
        {
            return IsAccepted(vector)
                ? Difference(reader, vector.GetProperty("tensors")) is { } difference ? $"{Name(vector)}: {difference}" : null
                : $"{Name(vector)} is accepted, but the reference says: {vector.GetProperty("reason")}";
        }
    }

    private static string? Difference(SafetensorsReader reader, JsonElement tensors)
    {
        string[] expected = [.. tensors.EnumerateObject().Select(tensor => Describe(
            tensor.Name,
            tensor.Value.GetProperty("dtype").GetString()!,
            tensor.Value.GetProperty("shape").EnumerateArray().Select(length => length.GetInt64()),
            tensor.Value.GetProperty("sha256").GetString()!)).Order(StringComparer.Ordinal)];
        string[] actual = [.. reader.Tensors.Select(tensor => Describe(
            tensor.Name,
            SafetensorsTypes.NameOf(tensor.Type),
            tensor.Shape,
            Convert.ToHexStringLower(SHA256.HashData(SafetensorsBytes.BytesOf(reader, tensor)))))
            .Order(StringComparer.Ordinal)];
        return actual.SequenceEqual(expected) ? null : $"{string.Join("; ", actual)}, not {string.Join("; ", expected)}";
    }

    private static string Describe(string name, string type, IEnumerable<long> shape, string digest) =>
        $"{name} {type} [{string.Join(",", shape)}] {digest}";

    private static bool IsAccepted(JsonElement vector) => vector.GetProperty("verdict").GetString() == "accepted";

    private static bool MayBeRefused(JsonElement vector) => vector.GetProperty("stricterAllowed").GetBoolean();

    private static string Name(JsonElement vector) => vector.GetProperty("name").GetString()!;

    private static byte[] Data(JsonElement vector) => vector.GetProperty("data").GetBytesFromBase64();
}
