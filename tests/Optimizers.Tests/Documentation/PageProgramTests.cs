namespace Optimizers.Tests;

/// <summary>Every C# block of the README and of docs/ is a complete program that prints the output on the page.</summary>
[Trait("Category", "Documentation")]
[Collection(nameof(CapturedConsole))]
public sealed class PageProgramTests
{
    public static TheoryData<string> Programs() => [.. Blocks().Where(IsProgram).Select(block => block.ToString())];

    [Theory]
    [MemberData(nameof(Programs))]
    public void EveryProgramCompilesAndPrintsTheOutputOnThePage(string place)
    {
        FencedBlock program = Blocks().Single(block => block.ToString() == place);
        string output = PageProgram.Run(program);
        FencedBlock? expected = program.Page.Blocks().FirstOrDefault(block => block.Opening > program.Opening);
        expected?.Language.Should().Be("text", "the block after the program {0} has its output", place);
        output.TrimEnd().Should().Be(expected?.Text, "the block {0} has the output of the program", expected);
    }

    [Fact]
    public void FirstProgramOfTheReadmeIsShort() =>
        MarkdownPage.Readme.Blocks().First(IsProgram).Lines.Should().HaveCountLessThanOrEqualTo(25);

    [Fact]
    public void CompilerErrorNamesThePageAndTheLine()
    {
        var page = new MarkdownPage("page.md", ["text", "```csharp", "int known = 1;", "Console.WriteLine(unknown + known);", "```"]);
        Action run = () => PageProgram.Run(page.Blocks().Single());
        run.Should().Throw<Xunit.Sdk.XunitException>().WithMessage("*page.md(4,19): error CS0103*");
    }

    [Fact]
    public void ExceptionNamesThePageAndTheLine()
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

/// <summary>The tests of this collection run alone, because they redirect the console of the process.</summary>
[CollectionDefinition(nameof(CapturedConsole), DisableParallelization = true)]
public sealed class CapturedConsole;
