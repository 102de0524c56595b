using System.Buffers;
using System.Security.Cryptography;

namespace Optimizers.Checkpoints;

/// <summary>
/// The SHA-256 of a whole file, kept in its own metadata: it is taken with its own 64 digits as zeros. A rename cannot
/// tell a file that has rotted on its disk; this can.
/// </summary>
internal sealed class FileChecksum : IDisposable
{
    public const string Key = "sha256";

    private const int Digits = 64;

    private static readonly SearchValues<byte> _digits = SearchValues.Create("0123456789abcdef"u8);

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>What stands in the metadata until it is known.</summary>
    public static string Zeros { get; } = new('0', Digits);

    public static bool IsDigits(ReadOnlySpan<byte> text) =>
        text.Length == Digits && !text.ContainsAnyExcept(_digits);

    /// <summary>Where the digits stand in a header with its length in front.</summary>
    public static int PositionIn(ReadOnlySpan<byte> header)
    {
        // A quotation mark within a string is escaped, so that this stands at one place only.
        ReadOnlySpan<byte> start = "\"sha256\":\""u8;
        return header.IndexOf(start) + start.Length;
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Takes in a header whose digits stand at a position.</summary>
    public void AppendHeader(ReadOnlySpan<byte> header, int position)
    {
        Append(header[..position]);
        Append(System.Text.Encoding.ASCII.GetBytes(Zeros));
        Append(header[(position + Digits)..]);
    }

    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
