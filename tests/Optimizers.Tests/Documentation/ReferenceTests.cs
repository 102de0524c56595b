extern alias WriteReference;

using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Optimizers.Tests.Samples;
using WriteReference::WriteReference;

namespace Optimizers.Tests;

/// <summary>The committed API reference and tables of options equal the output of the command WriteReference, which uses the XML documentation.</summary>
[Trait("Category", "Documentation")]
public sealed partial class ReferenceTests : IDisposable
{
    private const string Folder = "reference/";

    private static readonly Lazy<Reference> _reference = new(Reference.OfLibrary);

    private readonly SampleProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public void EveryPageIsCurrent() =>
        _reference.Value.Pages
            .Where(page => PathOf(page.Key) is var path && (!File.Exists(path) || File.ReadAllText(path) != page.Value))
            .Select(page => page.Key)
            .Should().BeEmpty("\"{0}\" writes the pages again after a change of the documentation", Reference.Command);

    [Fact]
    public void NoPageOfARemovedTypeRemains() =>
        Directory.EnumerateFiles(PathOf(Folder)).Select(path => $"{Folder}{Path.GetFileName(path)}")
            .Should().OnlyContain(name => _reference.Value.Pages.ContainsKey(name), "\"{0}\" deletes the pages of removed types", Reference.Command);

    [Fact]
    public void EveryPublicTypeHasAPageAndIsInTheIndex()
    {
        string index = _reference.Value.Pages[$"{Folder}README.md"];
        foreach (Type type in Reference.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()))
        {
            string name = type.Name.Split('`')[0];
            index.Should().Contain($"({name}.md)");
            _reference.Value.Pages[$"{Folder}{name}.md"].Should().Contain($" {name}").And.Contain($"Namespace [`{type.Namespace}`]");
        }
    }

    [Fact]
    public void TypesOfFurtherPackagesNameTheirPackage()
    {
        string page = _reference.Value.Pages[$"{Folder}ModuleOptimizer.md"];
        page.Should().Contain("\n\nNamespace [`Optimizers.TorchSharp`](README.md#optimizerstorchsharp), package `Optimizers.TorchSharp`\n\n");

        // Links and inherited documentation lead to the other package.
        page.Should().Contain("\nBase types: [`IModelOptimizer`](IModelOptimizer.md).\n").And.Contain("- [`NonFiniteGradientException`](NonFiniteGradientException.md): ");
        _reference.Value.Pages[$"{Folder}README.md"].Should().Contain("- [`Optimizers.TorchSharp`](#optimizerstorchsharp): 2 types, in the package `Optimizers.TorchSharp`\n");
    }

    [Fact]
    public void EveryPageNamesTheCommandThatWritesIt() =>
        _reference.Value.Pages.Values.Should().OnlyContain(text => text.EndsWith($"run `{Reference.Command}`.\n", StringComparison.Ordinal));

    [Fact]
    public void EveryTypeHasASummary() =>
        _reference.Value.Pages.Where(page => SummaryIsMissing().IsMatch(page.Value)).Select(page => page.Key).Should().BeEmpty();

    [Fact]
    public void MembersAddedByTheCompilerAreLeftOut() =>
        _reference.Value.Pages.Values.Should().OnlyContain(text => !CompilerAdded().IsMatch(text));

    [Fact]
    public void InheritedDocumentationIsShown()
    {
        const string Document = """
            <doc><members>
              <member name="P:Optimizers.IOptimizerOptions.Maximize"><summary>From the interface.</summary></member>
              <member name="P:Optimizers.AdamOptions.Maximize"><inheritdoc/></member>
              <member name="P:Optimizers.AdamOptions.Cautious"><inheritdoc cref="P:Optimizers.AdamOptions.Maximize"/><remarks>Of its own.</remarks></member>
              <member name="M:Optimizers.ScheduleFreeOptimizer.Evaluate(System.Span{System.Single})">
                <summary>Of the other.</summary><param name="parameters">The parameters.</param><exception cref="T:System.ArgumentException">Too few.</exception>
              </member>
              <member name="M:Optimizers.ScheduleFreeOptimizer.Train(System.Span{System.Single})">
                <summary>Trains.</summary>
                <inheritdoc cref="M:Optimizers.ScheduleFreeOptimizer.Evaluate(System.Span{System.Single})" path="/param|/exception"/>
              </member>
            </members></doc>
            """;
        MemberOf(Document, "AdamOptions", "Maximize").Should().Contain("From the interface.");
        MemberOf(Document, "AdamOptions", "Cautious").Should().Contain("From the interface.").And.Contain("Of its own.");
        MemberOf(Document, "ScheduleFreeOptimizer", "Train").Should().Contain("Trains.").And.NotContain("Of the other.")
            .And.Contain("- `parameters`: The parameters.").And.Contain("- `ArgumentException`: Too few.");
        _reference.Value.Pages.Values.Should().OnlyContain(text => !text.Contains("inheritdoc", StringComparison.Ordinal));
    }

    [Fact]
    public void DocumentationIsConvertedToMarkdown()
    {
        const string Document = """
            <doc><members>
              <member name="P:Optimizers.AdamOptions.Beta1">
                <summary>
                  Where a &lt; b, |x| * 2 or <c>a|b</c>,
                  as <see cref="P:Optimizers.AdamOptions.Beta2"/>, <see cref="M:Optimizers.IOptimizer.Reset"/>,
                  <see cref="T:System.ArgumentException"/> and <see langword="null"/> say.
                </summary>
                <remarks><para>One.</para><code>
                   p ← p
                     − g
                </code><list type="number"><item>First.</item><item>Second.</item></list></remarks>
              </member>
            </members></doc>
            """;
        string member = MemberOf(Document, "AdamOptions", "Beta1");
        member.Should().StartWith("### Beta1\n\nWhere a \\< b, \\|x\\| \\* 2 or `a|b`, as [`Beta2`](#beta2), ");
        member.Should().Contain("`ArgumentException` and `null` say.\n\n```cs\npublic double Beta1 { get; init; } = 0.9;\n```\n\n");
        member.Should().Contain("One.\n\n```text\np ← p\n  − g\n```\n\n1. First.\n2. Second.\n");
    }

    [Fact]
    public void PagesDoNotDependOnTheCultureOrLineEndsOfTheSystem()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.NegativeSign = "~";
        try
        {
            CultureInfo.CurrentCulture = culture;
            Reference.OfLibrary().Pages.Should().Equal(_reference.Value.Pages);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        _reference.Value.Pages.Values.Should().OnlyContain(text => !text.Contains('\r', StringComparison.Ordinal));
    }

    [Fact]
    public void CommandWritesThePagesAndDeletesOldPages()
    {
        string folder = _process.PathOf("docs/reference");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Gone.md"), "");
        SampleResult result = _process.Run("WriteReference", folder);
        result.Should().Match<SampleResult>(run => run.ExitCode == 0 && run.Error.Length == 0);
        Directory.EnumerateFiles(_process.PathOf("docs"), "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(_process.PathOf("docs"), path).Replace('\\', '/'), File.ReadAllText)
            .Should().BeEquivalentTo(_reference.Value.Pages);
    }

    [Theory]
    [InlineData("The weight β₁. At least 0, below 1; default 0.9, as in the paper.", "at least 0, below 1", "as in the paper", "The weight β₁.")]
    [InlineData("ε₁, a floor. Finite; null, the default: epsilon, as in PyTorch.", "finite", "epsilon, as in PyTorch", "ε₁, a floor.")]
    [InlineData("Rho. Default 0.9, as in PyTorch (0.95 in the paper).", "", "as in PyTorch (0.95 in the paper)", "Rho.")]
    [InlineData("β. Default 0 (1 in the paper).", "", "1 in the paper", "β.")]
    [InlineData("The number of updates, at least 1; default 1,000,000.", "at least 1", "", "The number of updates.")]
    [InlineData("Null, the default: not at all.", "", "", "Default: not at all.")]
    public void TextOfAnOptionIsDividedIntoRangeSourceAndMeaning(string text, string range, string source, string meaning)
    {
        string document = $"""
            <doc><members><member name="P:Optimizers.AdamOptions.Beta1"><summary>{text}</summary></member></members></doc>
            """;
        string row = Of(document).Pages["optimizers.md"].Split("### Adam\n")[1].Split('\n').First(line => line.StartsWith("| `Beta1`", StringComparison.Ordinal));
        row.Should().Be($"| `Beta1` | `0.9` | {range} | {source} | {meaning} |");
    }

    [Fact]
    public void TablesHaveEveryOptimizerScheduleAndClip()
    {
        string page = _reference.Value.Pages["optimizers.md"];
        string[] clips = [nameof(ClipByGlobalNorm), nameof(ClipByNorm), nameof(ClipByValue), nameof(AdaptiveClip)];
        IEnumerable<string> names = Catalogue.Optimizers.Select(row => row.Type.Name).Append(nameof(Lbfgs))
            .Concat(Catalogue.Schedules.Keys).Append(nameof(FunctionSchedule)).Concat(clips);
        foreach (string name in names)
        {
            page.Should().Contain($"\n### {name}\n");
        }

        page.Split("\n## Schedules\n")[0].Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..])
            .Should().BeEquivalentTo(Catalogue.Optimizers.Select(row => row.Type.Name).Append(nameof(Lbfgs)));
    }

    private static string PathOf(string page) => Path.Combine(MarkdownPage.Root, "docs", page);

    private static Reference Of(string document) => Reference.Of(typeof(IOptimizer).Assembly, XDocument.Parse(document, LoadOptions.PreserveWhitespace));

    private static string MemberOf(string document, string type, string member) =>
        $"### {Of(document).Pages[$"{Folder}{type}.md"].Split("\n### ").Single(part => part.StartsWith($"{member}\n", StringComparison.Ordinal))}";

    [GeneratedRegex(@"\A# [^\n]+\n\nNamespace [^\n]+\n\n```")]
    private static partial Regex SummaryIsMissing();

    [GeneratedRegex(@"EqualityContract|PrintMembers|Deconstruct|\$|### (?:Equals|GetHashCode|Operator (?:Equality|Inequality))")]
    private static partial Regex CompilerAdded();
}
