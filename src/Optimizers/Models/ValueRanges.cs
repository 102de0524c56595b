namespace Optimizers;

/// <summary>The memory of the values of a set, ordered by address, to find values that a buffer overlaps.</summary>
internal sealed class ValueRanges
{
    private readonly nuint[] _starts;
    private readonly (nuint End, Parameter Parameter)[] _ranges;

    public ValueRanges(IEnumerable<Parameter> parameters)
    {
        (nuint Start, nuint Bytes, Parameter Parameter)[] ranges =
        [
            .. parameters.SelectMany(parameter => parameter.ValueRanges(), (parameter, range) => (range.Start, range.Bytes, parameter))
                .OrderBy(range => range.Start),
        ];
        _starts = Array.ConvertAll(ranges, range => range.Start);
        _ranges = Array.ConvertAll(ranges, range => (range.Start + range.Bytes, range.Parameter));
    }

    /// <summary>The parameter whose values a buffer overlaps; null if there is none.</summary>
    public Parameter? Find(nuint start, nuint bytes)
    {
        if (_starts.Length == 0 || bytes == 0)
        {
            return null;
        }

        // Values do not overlap each other, so only the last values that start before the end of the buffer can reach into it.
        int place = Array.BinarySearch(_starts, start + bytes - 1);
        place = place < 0 ? ~place - 1 : place;
        return place >= 0 && _ranges[place].End > start ? _ranges[place].Parameter : null;
    }
}
