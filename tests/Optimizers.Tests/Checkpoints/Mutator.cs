using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Makes damaged files from valid ones, with knowledge of the format. It changes lengths, tokens of the header, names, types
/// and offsets, as well as single bits, and sometimes repairs the fields that depend on them.
/// </summary>
internal sealed class Mutator(Random random)
{
    private static readonly string[] _numbers =
    [
        "0", "1", "2", "3", "4", "8", "-1", "-0", "1.0", "1e2", "16", "255", "2147483648", "4294967296", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e400", "null", "true", "[]", "{}", "\"\"", "\"0\"",
    ];

    private static readonly string[] _strings =
    [
        "\"\"", "\"__metadata__\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"version\"", "\"sha256\"", "\"update_count\"", "\"groups\"", "\"options\"",
        "\"F32\"", "\"F64\"", "\"I64\"", "\"U8\"", "\"BF16\"", "\"F4\"", "\"BOOL\"", "\"F3\"", "\"1\"", "\"-1\"", "\"2\"", "\"[]\"", "\"[{}]\"", "\"{}\"", "\"null\"",
        "\"\\ud800\"", "\"\\u0061\"", "\"é\"", "\"{\\\"kind\\\":1}\"", "\"{\\\"kind\\\":{}}\"", "\"[[[[[[[[\"", "1", "null", "[]", "{}", "[0]",
        "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
    ];

    private static readonly string[] _insertions =
    [
        ",", " ", "\t\n", "\"x\":1,", "{", "}", "[", "]", ":", "\"", "\\", "/**/", "\0", "\uFEFF", "\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},",
        "\"state.a.step\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},", "\"values.x\":\"y\",",
    ];

    /// <summary>Makes one to four changes to a file; fewer changes are more likely.</summary>
    public byte[] Mutate(byte[] seed)
    {
        byte[] file = [.. seed];
        for (int changes = 1 + (random.Next(2) * random.Next(4)); changes > 0; changes--)
        {
            file = random.Next(8) switch
            {
                0 => WithOtherData(file),
                1 or 2 => WithOtherBytes(file),
                _ => WithOtherHeader(file),
            };
        }

        return random.Next(6) == 0 ? file : CheckpointBytes.Sealed(file);
    }

    private byte[] WithOtherBytes(byte[] file)
    {
        int at = random.Next(file.Length + 1);
        switch (random.Next(7))
        {
            case 0 when at < file.Length:
                file[at] ^= (byte)(1 << random.Next(8));
                return file;
            case 1 when at < file.Length:
                file[at] = (byte)random.Next(256);
                return file;
            case 2:
                return file[..at];
            case 3:
                return [.. file, .. new byte[random.Next(1, 20)]];
            case 4:
                return [.. file[..at], .. RandomBytes(), .. file[at..]];
            case 5:
                return [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 20))..]];
            case 6 when file.Length >= sizeof(ulong):
                BinaryPrimitives.WriteUInt64LittleEndian(file, OtherLength(BinaryPrimitives.ReadUInt64LittleEndian(file)));
                return file;
            default:
                return file;
        }
    }

    // The header is unchanged, so the file is valid, or valid except for its checksum.
    private byte[] WithOtherData(byte[] file)
    {
        if (file.Length < sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(file) >= (ulong)(file.Length - sizeof(ulong)))
        {
            return WithOtherBytes(file);
        }

        int start = sizeof(ulong) + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        file[random.Next(start, file.Length)] = (byte)random.Next(256);
        return file;
    }

    private byte[] RandomBytes()
    {
        var bytes = new byte[random.Next(1, 12)];
        random.NextBytes(bytes);
        return bytes;
    }

    private ulong OtherLength(ulong length) => random.Next(6) switch
    {
        0 => length + (ulong)random.Next(1, 9),
        1 => length - (ulong)random.Next(1, 9),
        2 => 100_000_000,
        3 => 100_000_001,
        4 => ulong.MaxValue >> random.Next(64),
        _ => (ulong)random.Next(64),
    };

    private byte[] WithOtherHeader(byte[] file)
    {
        if (file.Length < sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(file) is var length && length > (ulong)(file.Length - sizeof(ulong)))
        {
            return WithOtherBytes(file);
        }

        byte[] header = file[sizeof(ulong)..(sizeof(ulong) + (int)length)];
        List<(int Start, int End, JsonTokenType Type)> tokens = Tokens(header);
        if (tokens.Count < 4)
        {
            return WithOtherBytes(file);
        }

        byte[] changed = Changed(header, tokens);
        return SafetensorsBytes.File(changed, file[(sizeof(ulong) + header.Length)..], random.Next(12) == 0 ? length : null);
    }

    private byte[] Changed(byte[] header, List<(int Start, int End, JsonTokenType Type)> tokens)
    {
        (int start, int end, JsonTokenType type) = tokens[random.Next(tokens.Count)];
        (int otherStart, int otherEnd, _) = tokens[random.Next(tokens.Count)];
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                string[] choices = type == JsonTokenType.Number ? _numbers : _strings;
                return Replaced(header, start, end, Encoding.UTF8.GetBytes(choices[random.Next(choices.Length)]));
            case 3:
                return Replaced(header, start, start, Encoding.UTF8.GetBytes(_insertions[random.Next(_insertions.Length)]));
            case 4:
                return Replaced(header, start, end, header[otherStart..otherEnd]);
            case 5:
                return Replaced(header, start, start, header[Math.Min(start, otherStart)..Math.Max(end, otherEnd)]);
            case 6:
                return Replaced(header, Math.Min(start, otherStart), Math.Max(start, otherStart), []);
            default:
                // Inside a token, which may contain JSON.
                int at = random.Next(start, end);
                return Replaced(header, at, at + 1, [(byte)"0123456789-.,:[]{}\"\\ "[random.Next(21)]]);
        }
    }

    private static byte[] Replaced(byte[] bytes, int start, int end, byte[] by) => [.. bytes[..start], .. by, .. bytes[end..]];

    private static List<(int Start, int End, JsonTokenType Type)> Tokens(byte[] header)
    {
        var tokens = new List<(int, int, JsonTokenType)>();
        var reader = new Utf8JsonReader(header);
        try
        {
            while (reader.Read())
            {
                tokens.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed, reader.TokenType));
            }
        }
        catch (JsonException)
        {
            // The tokens found so far are enough.
        }

        return tokens;
    }
}
