namespace Optimizers.Tests;

/// <summary>Every C# block of the README and of docs/ is a complete program that does what the page says.</summary>
[Trait("Category", "Documentation")]
[Collection(nameof(CapturedConsole))]
public sealed class PageProgramTests
{
    public static TheoryData<string> Programs() => [.. Blocks().Where(IsProgram).Select(block => block.ToString())];

    [Theory]
    [MemberData(nameof(Programs))]
    public void EveryProgramCompilesAndPrintsWhatThePageSays(string place)
    {
        FencedBlock program = Blocks().Single(block => block.ToString() == place);
        string output = PageProgram.Run(program);
        FencedBlock? said = program.Page.Blocks().FirstOrDefault(block => block.Opening > program.Opening);
        said?.Language.Should().Be("text", "the next block after {0} is what it prints", place);
        output.TrimEnd().Should().Be(said?.Text, "{0} says so", said);
    }

    [Fact]
    public void TheFirstProgramIsShort() =>
        MarkdownPage.Readme.Blocks().First(IsProgram).Lines.Should().HaveCountLessThanOrEqualTo(25);

    [Fact]
    public void ADiagnosticNamesThePageAndTheLine()
    {
        var page = new MarkdownPage("page.md", ["text", "```csharp", "int known = 1;", "Console.WriteLine(unknown + known);", "```"]);
        Action run = () => PageProgram.Run(page.Blocks().Single());
        run.Should().Throw<Xunit.Sdk.XunitException>().WithMessage("*page.md(4,19): error CS0103*");
    }

    [Fact]
    public void AnExceptionNamesThePageAndTheLine()
    {
        var page = new MarkdownPage("page.md", ["```csharp", "", "int.Parse(\"x\");", "```"]);
        Action run = () => PageProgram.Run(page.Blocks().Single());
        run.Should().Throw<FormatException>().Which.StackTrace.Should().Contain("page.md:line 3");
    }

    private static bool IsProgram(FencedBlock block) => block.Language == "csharp";

    private static IEnumerable<FencedBlock> Blocks() => MarkdownPage.All()
        .Where(page => page.Name == "README.md" || page.Name.StartsWith("docs/", StringComparison.Ordinal))
        .SelectMany(page => page.Blocks());
}

/// <summary>The console is the process's: nothing else may run while it is captured.</summary>
[CollectionDefinition(nameof(CapturedConsole), DisableParallelization = true)]
public sealed class CapturedConsole;
