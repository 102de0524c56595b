using Optimizers.Tests;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Every C# block of a page that uses TorchSharp is a complete program that prints the output on the page.</summary>
[Collection(nameof(CapturedConsole))]
public sealed class TorchPageProgramTests
{
    public static TheoryData<string> Programs() => [.. PageProgram.All().Where(block => block.UsesTorchSharp).Select(block => block.ToString())];

    [TorchTheory]
    [MemberData(nameof(Programs))]
    public void EveryProgramCompilesAndPrintsTheOutputOnThePage(string place)
    {
        // The programs are so small that threads of torch only slow them down.
        int threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try
        {
            PageProgram.ShouldPrintTheOutputOnThePage(place);
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    [Theory]
    [InlineData("docs/torchsharp.md")]
    [InlineData("src/Optimizers.TorchSharp/README.md")]
    public void PageHasPrograms(string page) =>
        PageProgram.All().Should().Contain(block => block.Page.Name == page && block.UsesTorchSharp);
}

/// <summary>
/// The tests of this collection run alone: they redirect the console of the process, and they seed torch's default generator, which all
/// threads share.
/// </summary>
[CollectionDefinition(nameof(CapturedConsole), DisableParallelization = true)]
public sealed class CapturedConsole;
