using System.Buffers;
using System.Security.Cryptography;

namespace Optimizers.Checkpoints;

/// <summary>
/// The SHA-256 of a whole file, stored in the file's own metadata. It is computed with zeros in place of its own 64 digits. An
/// atomic rename cannot detect data that decay on the disk; the checksum can.
/// </summary>
internal sealed class FileChecksum : IDisposable
{
    public const string Key = "sha256";

    private const int Digits = 64;

    private static readonly SearchValues<byte> _digits = SearchValues.Create("0123456789abcdef"u8);

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The placeholder in the metadata until the checksum is known.</summary>
    public static string Zeros { get; } = new('0', Digits);

    public static bool IsDigits(ReadOnlySpan<byte> text) =>
        text.Length == Digits && !text.ContainsAnyExcept(_digits);

    /// <summary>The position of the digits in a header that starts with its length.</summary>
    public static int PositionIn(ReadOnlySpan<byte> header)
    {
        // Quotation marks within a string are escaped, so this text occurs at one place only.
        ReadOnlySpan<byte> start = "\"sha256\":\""u8;
        return header.IndexOf(start) + start.Length;
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Adds a header to the checksum; its digits are at the given position.</summary>
    public void AppendHeader(ReadOnlySpan<byte> header, int position)
    {
        Append(header[..position]);
        Append(System.Text.Encoding.ASCII.GetBytes(Zeros));
        Append(header[(position + Digits)..]);
    }

    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
