using System.Buffers;
using System.Text;

namespace Optimizers.Checkpoints;

/// <summary>Recognizes files of other formats by their first bytes, for the message of the exception.</summary>
internal static class ForeignFile
{
    /// <summary>The number of bytes that is enough to recognize a format.</summary>
    public const int SampleLength = 512;

    private const int MostQuoted = 40;

    private static readonly (byte[] Start, string Kind)[] _kinds =
    [
        ([.. "version https://git-lfs"u8], "a Git LFS pointer without the content. Fetch the content with \"git lfs pull\""),
        ([.. "PK\u0003\u0004"u8], "a zip archive, as torch.save and Keras write. Convert it in Python, for example with safetensors.torch.save_file"),
        ([.. "PK\u0005\u0006"u8], "an empty zip archive. Check that it is the right file"),
        ([0x80, 2], Pickle),
        ([0x80, 3], Pickle),
        ([0x80, 4], Pickle),
        ([0x80, 5], Pickle),
        ([0x1F, 0x8B], "compressed with gzip. Decompress it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd. Decompress it first"),
        ([0xFD, .. "7zXZ\0"u8], "compressed with xz. Decompress it first"),
        ([.. "BZh"u8], "compressed with bzip2. Decompress it first"),
        ([.. "7z"u8, 0xBC, 0xAF], "a 7-Zip archive. Unpack it first"),
        ([.. "GGUF"u8], "in the GGUF format. Convert it to safetensors first"),
        ([0x89, .. "HDF\r\n"u8], "in the HDF5 format, as Keras writes. Convert it to safetensors first"),
        ([0x93, .. "NUMPY"u8], "a NumPy array. Convert it in Python, for example with safetensors.numpy.save_file"),
        ([.. "<!DOCTYPE"u8], Page),
        ([.. "<!doctype"u8], Page),
        ([.. "<html"u8], Page),
        ([0xFF, 0xFE], "text in UTF-16. Check that it is the right file"),
        ([0xFE, 0xFF], "text in UTF-16. Check that it is the right file"),
        (new byte[2 * sizeof(ulong)], "all zeros, as in a file that was never written to its end. Use an older file"),
    ];

    private const string Pickle =
        "a Python pickle, as torch.save wrote before PyTorch 1.6. Convert it in Python, for example with safetensors.torch.save_file";

    private const string Page = "an HTML page, as from a download without a required login. Download it again";

    private static readonly (int Offset, byte[] Bytes) _tar = (257, [.. "ustar"u8]);

    // Control characters that may occur in a text.
    private static readonly SearchValues<char> _whiteSpace = SearchValues.Create("\t\n\r\f");

    /// <summary>
    /// The format of a file and what to do about it, to follow "It is not a safetensors file, but"; null if the format is unknown.
    /// </summary>
    /// <param name="sample">The first bytes of the file: <see cref="SampleLength"/>, or all if it is shorter.</param>
    public static string? Describe(ReadOnlySpan<byte> sample)
    {
        foreach ((byte[] start, string kind) in _kinds)
        {
            if (sample.StartsWith(start))
            {
                return $"{kind}.";
            }
        }

        if (sample.Length > _tar.Offset && sample[_tar.Offset..].StartsWith(_tar.Bytes))
        {
            return "a tar archive. Unpack it first.";
        }

        string? line = TextOf(sample)?.TrimStart().Split('\n', '\r')[0];
        return line is null ? null
            : line.StartsWith('{') ? "JSON, such as the index of a model in several files. Read the files that it names."
            : $"text that begins with {Quoted.Name(line[..Math.Min(line.Length, MostQuoted)])}.";
    }

    private static string? TextOf(ReadOnlySpan<byte> sample)
    {
        // The last character may be cut off at the end of the sample.
        var characters = new char[sample.Length];
        OperationStatus status = System.Text.Unicode.Utf8.ToUtf16(
            sample, characters, out _, out int count, replaceInvalidSequences: false, isFinalBlock: false);
        string text = new(characters, 0, count);
        return status is OperationStatus.Done or OperationStatus.NeedMoreData
            && text.Length > 0
            && text.All(character => !char.IsControl(character) || _whiteSpace.Contains(character))
                ? text
                : null;
    }
}
