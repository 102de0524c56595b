using System.Reflection.Metadata;

namespace Optimizers.Tests;

/// <summary>The symbol file contains all source files, so a debugger need not download them.</summary>
[Trait("Category", "Documentation")]
public sealed class SymbolTests
{
    // The kind of embedded sources in the specification of portable PDB files.
    private static readonly Guid _embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Fact]
    public void EverySourceIsEmbedded()
    {
        using FileStream file = File.OpenRead(Path.ChangeExtension(typeof(IOptimizer).Assembly.Location, "pdb"));
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader symbols = provider.GetMetadataReader();
        symbols.Documents.Where(document => !HasSource(symbols, document))
            .Select(document => symbols.GetString(symbols.GetDocument(document).Name))
            .Should().BeEmpty();
        symbols.Documents.Should().HaveCountGreaterThan(Catalogue.Optimizers.Count);
    }

    private static bool HasSource(MetadataReader symbols, DocumentHandle document) =>
        symbols.GetCustomDebugInformation(document)
            .Any(handle => symbols.GetGuid(symbols.GetCustomDebugInformation(handle).Kind) == _embeddedSource);
}
