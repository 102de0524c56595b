namespace Optimizers;

/// <summary>The memory of the values of a set, ordered by address, to find values that a buffer overlaps.</summary>
internal sealed unsafe class ValueRanges
{
    private readonly nuint[] _starts;
    private readonly Parameter[] _parameters;

    public ValueRanges(IEnumerable<Parameter> parameters)
    {
        _parameters = [.. parameters.Where(parameter => parameter.Length > 0).OrderBy(StartOf)];
        _starts = Array.ConvertAll(_parameters, StartOf);
    }

    /// <summary>The parameter whose values a buffer overlaps; null if there is none.</summary>
    public Parameter? Find(nuint start, int length)
    {
        if (_starts.Length == 0 || length == 0)
        {
            return null;
        }

        // Values do not overlap each other, so only the last values that start before the end of the buffer can reach into it.
        nuint end = start + ((nuint)length * sizeof(float));
        int place = Array.BinarySearch(_starts, end - 1);
        place = place < 0 ? ~place - 1 : place;
        return place >= 0 && _starts[place] + ((nuint)_parameters[place].Length * sizeof(float)) > start ? _parameters[place] : null;
    }

    private static nuint StartOf(Parameter parameter) => (nuint)parameter.ValuesAddress;
}
