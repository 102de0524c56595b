using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Samples;

/// <summary>Options with bounds and one-line error messages for the command lines of the samples.</summary>
/// <remarks>The help adds the default of each option, so descriptions do not repeat it.</remarks>
internal static class CommandLine
{
    /// <summary>The exit code for invalid arguments.</summary>
    public const int WrongUsage = 2;

    /// <summary>Creates an option for a whole number.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="minimum">The lowest accepted number.</param>
    /// <param name="maximum">The highest accepted number.</param>
    /// <param name="standard">The default.</param>
    public static Option<T> WholeNumber<T>(string name, string description, T minimum, T maximum, T standard)
        where T : struct, IBinaryInteger<T> =>
        Number(name, "a whole number", NumberStyles.AllowLeadingSign, "N", description, minimum, maximum, standard);

    /// <summary>Creates an option for a number.</summary>
    /// <inheritdoc cref="WholeNumber"/>
    public static Option<double> Number(string name, string description, double minimum, double maximum, double standard) =>
        Number(name, "a number", NumberStyles.Float, "X", description, minimum, maximum, standard);

    /// <summary>Creates an option for the name of an output file. <see cref="CanWrite"/> checks the file.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="standard">The default, or null for none.</param>
    public static Option<FileInfo> NewFile(string name, string description, string? standard = null)
    {
        var option = new Option<FileInfo>(name)
        {
            HelpName = "FILE",
            Description = description,
            CustomParser = result =>
            {
                string given = result.Tokens[0].Value;
                if (given.Length > 0)
                {
                    return new FileInfo(given);
                }

                result.AddError($"{name} must name a file, but is empty.");
                return null;
            },
        };
        if (standard is not null)
        {
            option.DefaultValueFactory = _ => new FileInfo(standard);
        }

        return option;
    }

    /// <summary>
    /// Checks before the work that its output file can be written, and prints one line if it cannot. The file is not changed.
    /// </summary>
    /// <param name="name">The name of the option, with its dashes.</param>
    /// <param name="file">The file.</param>
    public static bool CanWrite(string name, FileInfo file)
    {
        if (Directory.Exists(file.FullName) || !Directory.Exists(file.DirectoryName))
        {
            Console.Error.WriteLine($"{name} must name a file in a folder that exists, but is \"{file}\".");
            return false;
        }

        try
        {
            OutputFile.RequireWritable(file.FullName);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{name} must name a file that can be written, but is \"{file}\": {e.Message}");
            return false;
        }
    }

    /// <summary>Runs an action on files. If a file, a folder or a permission makes it fail, prints one line with the reason.</summary>
    public static int Try(Action action) => Try(() =>
    {
        action();
        return 0;
    });

    /// <summary>Runs work on files. If invalid data, a file, a folder or a permission makes it fail, prints one line with the reason.</summary>
    /// <returns>The exit code.</returns>
    public static int Try(Func<int> work)
    {
        try
        {
            return work();
        }
        catch (InvalidDataException e)
        {
            Console.Error.WriteLine(e.Message);
            return WrongUsage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>The message of an exception in one line, without the name of the method's parameter.</summary>
    public static string MessageOf(Exception exception) =>
        exception.Message.Split(" (Parameter")[0].ReplaceLineEndings(" ");

    /// <summary>Runs the command. If its arguments are invalid, prints one line with the first error.</summary>
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
        string name, string kind, NumberStyles styles, string helpName, string description, T minimum, T maximum, T standard)
        where T : struct, INumber<T>
    {
        return new Option<T>(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = Parse,
            DefaultValueFactory = _ => standard,
        };

        T Parse(ArgumentResult result)
        {
            string given = result.Tokens[0].Value;
            if (!T.TryParse(given, styles, CultureInfo.InvariantCulture, out T value) || !(value >= minimum && value <= maximum))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} must be {kind} from {minimum} to {maximum}, but is \"{given}\"."));
            }

            return value;
        }
    }
}
