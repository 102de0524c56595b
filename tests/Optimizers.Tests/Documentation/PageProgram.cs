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
        nullableContextOptions: NullableContextOptions.Enable);

    // The references of a reader's project: the framework, the library, and the dependency of the library.
    private static readonly Lazy<MetadataReference[]> _references = new(() =>
    {
        string[] trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return
        [
            .. trusted.Where(path => Path.GetDirectoryName(path) == framework
                    || Path.GetFileName(path) is "Optimizers.dll" or "System.Numerics.Tensors.dll")
                .Select(path => MetadataReference.CreateFromFile(path)),
        ];
    });

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
    public static ILookup<int, string> ErrorsOf(string text) => Compile("Wrong", text, "wrong.cs").GetDiagnostics()
        .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
        .ToLookup(
            diagnostic => diagnostic.Location.GetLineSpan().StartLinePosition.Line,
            diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}");

    private static CSharpCompilation Compile(FencedBlock block) => Compile(
        $"Page{block.FirstLine}", $"#line {block.FirstLine} \"{block.Page.Name}\"\n{block.Text}\n", block.Page.Name);

    private static CSharpCompilation Compile(string name, string text, string path) =>
        CSharpCompilation.Create(name, [Parse(ImplicitUsings, "usings"), Parse(text, path)], _references.Value, _compilation);

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
