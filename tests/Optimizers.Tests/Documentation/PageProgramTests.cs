namespace Optimizers.Tests;

/// <summary>
/// Every C# block of the README, of docs/ and of the packages' readmes is a complete program that prints the output on the page.
/// The tests of the package Optimizers.TorchSharp run the blocks that use TorchSharp, because only they have libtorch.
/// </summary>
[Trait("Category", "Documentation")]
[Collection(nameof(CapturedConsole))]
public sealed class PageProgramTests
{
    public static TheoryData<string> Programs() => [.. PageProgram.All().Where(block => !block.UsesTorchSharp).Select(block => block.ToString())];

    [Theory]
    [MemberData(nameof(Programs))]
    public void EveryProgramCompilesAndPrintsTheOutputOnThePage(string place) => PageProgram.ShouldPrintTheOutputOnThePage(place);

    [Fact]
    public void FirstProgramOfTheReadmeIsShort() =>
        MarkdownPage.Readme.Blocks().First(block => block.IsProgram).Lines.Should().HaveCountLessThanOrEqualTo(25);

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
}

/// <summary>The tests of this collection run alone, because they redirect the console of the process.</summary>
[CollectionDefinition(nameof(CapturedConsole), DisableParallelization = true)]
public sealed class CapturedConsole;
