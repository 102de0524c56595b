using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;
using Optimizers;
using Optimizers.Configuration;
using Optimizers.Schedules;
using Samples;

namespace DrawSchedules;

/// <summary>A schedule and its text on the command line.</summary>
internal sealed record WrittenSchedule(string Text, ILrSchedule Schedule);

/// <summary>
/// Reads a schedule from a C# expression or from the JSON of <see cref="ScheduleConfiguration"/>. In an expression, "new" and the types of
/// enumerations are optional. The C# compiler evaluates the expression, so it may use the whole language.
/// </summary>
internal sealed partial class ScheduleReader : CSharpSyntaxRewriter
{
    private static readonly HashSet<string> _schedules =
    [
        .. typeof(ILrSchedule).Assembly.GetExportedTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(ILrSchedule)))
            .Select(type => type.Name),
    ];

    private static readonly Dictionary<string, string> _enumerations = typeof(CurveShape).Assembly.GetExportedTypes()
        .Where(type => type.IsEnum && type.Namespace == typeof(CurveShape).Namespace)
        .SelectMany(type => Enum.GetNames(type).Select(name => (Name: name, Whole: $"{type.Name}.{name}")))
        .ToDictionary(pair => pair.Name, pair => pair.Whole);

    private static readonly ScriptOptions _options = ScriptOptions.Default
        .AddReferences(typeof(ILrSchedule).Assembly)
        .AddImports("System", typeof(ILrSchedule).Namespace!, typeof(Constant).Namespace!);

    private ScheduleReader()
    {
    }

    /// <summary>The names of all schedules.</summary>
    public static IEnumerable<string> Names => _schedules.Order(StringComparer.Ordinal);

    /// <summary>Reads a schedule.</summary>
    /// <exception cref="FormatException">The expression is invalid, or its value is not a schedule.</exception>
    /// <exception cref="ArgumentException">An argument of the schedule or the JSON is invalid.</exception>
    public static ILrSchedule Read(string text)
    {
        if (text.TrimStart().StartsWith('{'))
        {
            return ScheduleConfiguration.Parse(text);
        }

        // Readers copy from the documentation, where a parameter of Cyclic is called "base", a keyword, and numbers have a typographical minus.
        ExpressionSyntax expression = SyntaxFactory.ParseExpression(
            Base().Replace(text, "@base").Replace('−', '-'), options: CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest));
        if (expression.GetDiagnostics().FirstOrDefault(fault => fault.Severity == DiagnosticSeverity.Error) is { } fault)
        {
            // The compiler gives an unexpected token the position 0, which says nothing.
            int start = fault.Location.SourceSpan.Start;
            throw new FormatException($"{MessageOf(fault)}{(start > 0 ? $", at place {start + 1}" : "")}.");
        }

        string completed = new ScheduleReader().Visit(expression).ToFullString();
        try
        {
            return CSharpScript.EvaluateAsync<ILrSchedule?>(completed, _options).GetAwaiter().GetResult()
                ?? throw new FormatException("The expression is null, but must be a schedule.");
        }
        catch (CompilationErrorException e)
        {
            throw new FormatException($"{MessageOf(e.Diagnostics[0])}.", e);
        }
        catch (Exception e) when (e is not (ArgumentException or FormatException or OutOfMemoryException))
        {
            throw new FormatException($"The expression throws: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        var call = (InvocationExpressionSyntax)base.VisitInvocationExpression(node)!;
        if (call.Expression is not IdentifierNameSyntax name)
        {
            return call;
        }

        string called = name.Identifier.Text;
        return _schedules.Contains(called)
            ? SyntaxFactory.ObjectCreationExpression(name.WithoutLeadingTrivia(), call.ArgumentList, initializer: null)
                .WithNewKeyword(SyntaxFactory.Token(SyntaxKind.NewKeyword).WithTrailingTrivia(SyntaxFactory.Space))
            : throw new FormatException(
                $"There is no schedule \"{called}\". The valid names, most similar first, are: "
                + $"{string.Join(", ", Names.OrderBy(schedule => Spelling.Distance(called, schedule)))}.");
    }

    /// <inheritdoc/>
    public override SyntaxNode? VisitArgument(ArgumentSyntax node) =>
        node.Expression is IdentifierNameSyntax name && _enumerations.TryGetValue(name.Identifier.Text, out string? whole)
            ? node.WithExpression(SyntaxFactory.ParseExpression(whole))
            : base.VisitArgument(node);

    private static string MessageOf(Diagnostic fault) => fault.GetMessage(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<![@\w.])base(?=\s*:)")]
    private static partial Regex Base();
}
