using System.Reflection.Metadata;

namespace Optimizers.Tests;

/// <summary>The symbol file of each package contains all source files, so a debugger need not download them.</summary>
[Trait("Category", "Documentation")]
public sealed class SymbolTests
{
    // The kind of embedded sources in the specification of portable PDB files.
    private static readonly Guid _embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Theory]
    [InlineData("Optimizers", 100)]
    [InlineData("Optimizers.TorchSharp", 10)]
    public void EverySourceIsEmbedded(string assembly, int sources)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{assembly}.pdb"));
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader symbols = provider.GetMetadataReader();
        symbols.Documents.Where(document => !HasSource(symbols, document))
            .Select(document => symbols.GetString(symbols.GetDocument(document).Name))
            .Should().BeEmpty();
        symbols.Documents.Should().HaveCountGreaterThan(sources);
    }

    private static bool HasSource(MetadataReader symbols, DocumentHandle document) =>
        symbols.GetCustomDebugInformation(document)
            .Any(handle => symbols.GetGuid(symbols.GetCustomDebugInformation(handle).Kind) == _embeddedSource);
}
