using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Samples;

/// <summary>What the samples' command lines share: options within bounds, and one line for each error.</summary>
/// <remarks>The help says the default of an option by itself: descriptions do not repeat it.</remarks>
internal static class CommandLine
{
    /// <summary>The exit code of a program whose options cannot be used.</summary>
    public const int WrongUsage = 2;

    /// <summary>Makes an option that is a whole number.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="minimum">The least number that is accepted.</param>
    /// <param name="maximum">The greatest.</param>
    /// <param name="standard">The default.</param>
    public static Option<T> WholeNumber<T>(string name, string description, T minimum, T maximum, T standard)
        where T : struct, IBinaryInteger<T> =>
        Number(name, "a whole number", NumberStyles.AllowLeadingSign, "N", description, minimum, maximum, standard);

    /// <summary>Makes an option that is a number.</summary>
    /// <inheritdoc cref="WholeNumber"/>
    public static Option<double> Number(string name, string description, double minimum, double maximum, double standard) =>
        Number(name, "a number", NumberStyles.Float, "X", description, minimum, maximum, standard);

    /// <summary>Makes an option that names a file to write. <see cref="CanWrite"/> checks it.</summary>
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="standard">The default; null: there is none.</param>
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
    /// Checks that a file can be written, before the work whose results go into it, and says in one line if it cannot. The file stays
    /// as it is.
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

    /// <summary>Does what may fail because of a file, a folder or a permission, or says in one line why it failed.</summary>
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

    /// <summary>The message in one line, without the name of a parameter, which means nothing on a command line.</summary>
    public static string MessageOf(Exception exception) =>
        exception.Message.Split(" (Parameter")[0].ReplaceLineEndings(" ");

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
