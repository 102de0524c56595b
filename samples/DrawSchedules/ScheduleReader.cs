using System.Globalization;
using System.Reflection;
using Optimizers;
using Optimizers.Schedules;

namespace DrawSchedules;

/// <summary>A schedule, and how it was written.</summary>
internal sealed record WrittenSchedule(string Text, ILrSchedule Schedule);

/// <summary>Reads a schedule as its constructor is called in C#, without the "new".</summary>
internal sealed class ScheduleReader
{
    private static readonly Dictionary<string, ConstructorInfo> _constructors = typeof(ILrSchedule).Assembly.GetExportedTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(ILrSchedule)) && type != typeof(FunctionSchedule))
        .ToDictionary(type => type.Name, type => type.GetConstructors().Single());

    private readonly string _text;
    private int _position;

    private ScheduleReader(string text) => _text = text;

    /// <summary>The schedules that there are.</summary>
    public static IEnumerable<string> Names => _constructors.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads a schedule.</summary>
    /// <exception cref="FormatException">It is not written as a call.</exception>
    /// <exception cref="ArgumentException">The schedule refuses an argument.</exception>
    public static ILrSchedule Read(string text)
    {
        var reader = new ScheduleReader(text);
        ILrSchedule schedule = reader.Schedule(reader.Word());
        return reader.Next() == '\0' ? schedule : throw reader.Unexpected("the end");
    }

    private ILrSchedule Schedule(string name)
    {
        if (!_constructors.TryGetValue(name, out ConstructorInfo? constructor))
        {
            throw new FormatException($"There is no schedule \"{name}\"; there is {string.Join(", ", Names)}.");
        }

        ParameterInfo[] parameters = constructor.GetParameters();
        object?[] arguments = Array.ConvertAll(parameters, parameter => parameter.HasDefaultValue ? parameter.DefaultValue : null);
        bool[] given = Array.ConvertAll(parameters, parameter => parameter.HasDefaultValue);
        Expect('(');
        for (int i = 0; !Skip(')'); i++)
        {
            int index = ParameterAt(name, parameters, i);
            arguments[index] = Value(parameters[index].ParameterType);
            given[index] = true;
            if (Next() != ')')
            {
                Expect(',');
            }
        }

        int missing = Array.IndexOf(given, false);
        return missing < 0
            ? (ILrSchedule)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null)
            : throw new FormatException($"{name} needs {parameters[missing].Name}.");
    }

    private int ParameterAt(string schedule, ParameterInfo[] parameters, int position)
    {
        int start = _position;
        string name = char.IsLetter(Next()) ? Word() : "";
        if (name.Length > 0 && Skip(':'))
        {
            int index = Array.FindIndex(parameters, parameter => parameter.Name == name);
            return index >= 0 ? index : throw new FormatException(
                $"{schedule} has no {name}; it has {string.Join(", ", parameters.Select(parameter => parameter.Name))}.");
        }

        _position = start;
        return position < parameters.Length
            ? position
            : throw new FormatException($"{schedule} has only {parameters.Length} arguments.");
    }

    private object? Value(Type type)
    {
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (target.IsGenericType)
        {
            return List(target.GetGenericArguments()[0]);
        }

        string word = Word();
        return target switch
        {
            _ when word == "null" && target != type => null,
            _ when target == typeof(ILrSchedule) => Schedule(word),
            _ when target == typeof(bool) && bool.TryParse(word, out bool truth) => truth,
            _ when target == typeof(double) && double.TryParse(
                Digits(word), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
            _ when target == typeof(long) && long.TryParse(
                Digits(word), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long count) => count,
            _ when target.IsEnum && Enum.TryParse(target, word[(word.IndexOf('.', StringComparison.Ordinal) + 1)..], out object? value) => value,
            _ => throw new FormatException($"\"{word}\" is no {target.Name}."),
        };
    }

    private Array List(Type element)
    {
        var elements = new List<object?>();
        Expect('[');
        while (!Skip(']'))
        {
            elements.Add(Value(element));
            if (Next() != ']')
            {
                Expect(',');
            }
        }

        var list = Array.CreateInstance(element, elements.Count);
        for (int i = 0; i < list.Length; i++)
        {
            list.SetValue(elements[i], i);
        }

        return list;
    }

    private static string Digits(string word) => word.Replace("_", "", StringComparison.Ordinal);

    private string Word()
    {
        Next();
        int start = _position;
        while (_position < _text.Length && (char.IsLetterOrDigit(_text[_position]) || _text[_position] is '_' or '.' or '-' or '+'))
        {
            _position++;
        }

        return _position > start ? _text[start.._position] : throw Unexpected("a name or a number");
    }

    private char Next()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
        {
            _position++;
        }

        return _position < _text.Length ? _text[_position] : '\0';
    }

    private bool Skip(char expected)
    {
        bool there = Next() == expected;
        _position += there ? 1 : 0;
        return there;
    }

    private void Expect(char expected)
    {
        if (!Skip(expected))
        {
            throw Unexpected($"\"{expected}\"");
        }
    }

    private FormatException Unexpected(string expected) => new(
        $"Expected {expected} at place {_position + 1}, but found {(_position < _text.Length ? $"\"{_text[_position]}\"" : "the end")}.");
}
