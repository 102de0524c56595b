using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Optimizers.Tests;

/// <summary>
/// Compiles and runs a C# block of a page like a console project of a reader: with top-level statements, nullable reference types
/// and implicit usings, and without access to the internal members of the library.
/// </summary>
internal static class PageProgram
{
    // The usings that the SDK adds to a console project.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    // The compiler package is older than the SDK. Its name for the C# version of the SDK is Preview.
    private static readonly CSharpParseOptions _parsing = new(LanguageVersion.Preview);

    private static readonly CSharpCompilationOptions _compilation = new(
        OutputKind.ConsoleApplication,
        optimizationLevel: OptimizationLevel.Release,
        nullableContextOptions: NullableContextOptions.Enable,
        specificDiagnosticOptions: new Dictionary<string, ReportDiagnostic>
        {
            // The SDK suppresses this warning too: TorchSharp refers to an older version of the framework.
            ["CS1701"] = ReportDiagnostic.Suppress,
        });

    // The references of a reader's project: the framework, the library, and the dependency of the library.
    private static readonly Lazy<MetadataReference[]> _references = new(() => References("Optimizers", "System.Numerics.Tensors"));

    private static readonly Lazy<MetadataReference[]> _torchReferences = new(
        () => References("Optimizers", "System.Numerics.Tensors", "Optimizers.TorchSharp", "TorchSharp"));

    /// <summary>Every program of the pages for readers: the README, the folder docs/ and the readmes of the packages.</summary>
    public static IEnumerable<FencedBlock> All() => MarkdownPage.All()
        .Where(page => page.Name == "README.md" || page.Name.StartsWith("docs/", StringComparison.Ordinal)
            || (page.Name.StartsWith("src/", StringComparison.Ordinal) && page.Name.EndsWith("/README.md", StringComparison.Ordinal)))
        .SelectMany(page => page.Blocks())
        .Where(block => block.IsProgram);

    /// <summary>Runs the program at a place and compares its output with the block after it.</summary>
    public static void ShouldPrintTheOutputOnThePage(string place)
    {
        FencedBlock program = All().Single(block => block.ToString() == place);
        string output = Run(program);
        FencedBlock? expected = program.Page.Blocks().FirstOrDefault(block => block.Opening > program.Opening);
        expected?.Language.Should().Be("text", "the block after the program {0} has its output", place);
        output.TrimEnd().Should().Be(expected?.Text, "the block {0} has the output of the program", expected);
    }

    private static MetadataReference[] References(params string[] libraries)
    {
        string[] trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return
        [
            .. trusted.Where(path => Path.GetDirectoryName(path) == framework
                    || libraries.Contains(Path.GetFileNameWithoutExtension(path)))
                .Select(path => MetadataReference.CreateFromFile(path)),
        ];
    }

    /// <summary>Compiles a block and runs it.</summary>
    /// <returns>Its output to the console, with \n at the end of each line.</returns>
    public static string Run(FencedBlock block)
    {
        using var code = new MemoryStream();
        using var symbols = new MemoryStream();
        EmitResult result = Compile(block).Emit(
            code, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
            .Select(diagnostic => diagnostic.ToString())
            .Should().BeEmpty("{0} compiles without warnings", block);

        code.Position = 0;
        symbols.Position = 0;
        Assembly program = new AssemblyLoadContext(block.ToString()).LoadFromStream(code, symbols);
        return WithConsole(() => program.EntryPoint!.Invoke(
            null, BindingFlags.DoNotWrapExceptions, null, [Array.Empty<string>()], null));
    }

    /// <summary>Compiles a program that has errors.</summary>
    /// <returns>The errors, each with the number of its line, counted from 0.</returns>
    public static ILookup<int, string> ErrorsOf(string text) => Compile("Wrong", text, "wrong.cs", _references.Value).GetDiagnostics()
        .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
        .ToLookup(
            diagnostic => diagnostic.Location.GetLineSpan().StartLinePosition.Line,
            diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}");

    private static CSharpCompilation Compile(FencedBlock block) => Compile(
        $"Page{block.FirstLine}", $"#line {block.FirstLine} \"{block.Page.Name}\"\n{block.Text}\n", block.Page.Name,
        (block.UsesTorchSharp ? _torchReferences : _references).Value);

    private static CSharpCompilation Compile(string name, string text, string path, MetadataReference[] references) =>
        CSharpCompilation.Create(name, [Parse(ImplicitUsings, "usings"), Parse(text, path)], references, _compilation);

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(SourceText.From(text, Encoding.UTF8), _parsing, path);

    private static string WithConsole(Action action)
    {
        TextWriter before = Console.Out;
        using var console = new StringWriter { NewLine = "\n" };
        Console.SetOut(console);
        try
        {
            action();
        }
        finally
        {
            Console.SetOut(before);
        }

        return console.ToString();
    }
}
