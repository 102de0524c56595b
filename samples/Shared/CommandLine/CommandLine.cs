using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Samples;

/// <summary>What the samples' command lines share: numbers within bounds, and one line for whatever is wrong.</summary>
internal static class CommandLine
{
    /// <summary>The exit code of a program whose options cannot be used.</summary>
    public const int WrongUsage = 2;

    /// <summary>Makes an option that is a whole number.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="minimum">The least number that is accepted.</param>
    /// <param name="maximum">The greatest.</param>
    /// <param name="standard">What it is when it is not given; null: 0, and the help is silent about it.</param>
    public static Option<int> WholeNumber(
        string name, string description, int minimum, int maximum = int.MaxValue, int? standard = null) =>
        Number(name, "a whole number", "N", description, minimum, maximum, standard);

    /// <summary>Makes an option that is a number.</summary>
    /// <inheritdoc cref="WholeNumber"/>
    public static Option<double> Number(
        string name, string description, double minimum, double maximum, double? standard = null) =>
        Number(name, "a number", "X", description, minimum, maximum, standard);

    /// <summary>Makes an option that names a file to write, in a folder that exists.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">What it is for.</param>
    public static Option<FileInfo> NewFile(string name, string description) => new(name)
    {
        HelpName = "FILE",
        Description = description,
        CustomParser = result =>
        {
            var file = new FileInfo(result.Tokens[0].Value);
            if (Directory.Exists(file.FullName) || file.Directory is not { Exists: true })
            {
                result.AddError($"{name} must name a file in a folder that exists, but is \"{file}\".");
            }

            return file;
        },
    };

    /// <summary>Does what may fail for want of a file, a folder or a right, or says in one line why not.</summary>
    public static int Try(Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Runs the command, or says in one line what is wrong with its arguments.</summary>
    public static int Run(RootCommand command, string[] arguments)
    {
        ParseResult parsed = command.Parse(arguments);
        if (parsed.Action is not ParseErrorAction)
        {
            return parsed.Invoke();
        }

        Console.Error.WriteLine(parsed.Errors[0].Message);
        return WrongUsage;
    }

    private static Option<T> Number<T>(
        string name, string kind, string helpName, string description, T minimum, T maximum, T? standard)
        where T : struct, INumber<T>
    {
        var option = new Option<T>(name) { HelpName = helpName, Description = description, CustomParser = Parse };
        if (standard is { } value)
        {
            option.DefaultValueFactory = _ => value;
        }

        return option;

        T Parse(ArgumentResult result)
        {
            string given = result.Tokens[0].Value;
            if (!T.TryParse(given, CultureInfo.InvariantCulture, out T value) || !(value >= minimum && value <= maximum))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} must be {kind} from {minimum} to {maximum}, but is \"{given}\"."));
            }

            return value;
        }
    }
}
