extern alias CharModel;

using CharModel::CharModel;

namespace Optimizers.Tests.Samples.CharModel;

public sealed class CorpusTests
{
    [Fact]
    public void BuiltInTextMatchesItsDescription()
    {
        Corpus corpus = Corpus.Read(CharModel::Samples.DataFile.PathOf("shakespeare.txt"));
        corpus.Hash.Should().Be("9926591fd556e7a01ce6d30440bef0ad3d4cc24e4c73dffac4ef16b0931bdcb3");
        corpus.AlphabetSize.Should().Be(76);
        corpus.Training.Length.Should().Be(1_036_099);
        corpus.Validation.Length.Should().Be(115_123);
    }

    [Theory]
    [InlineData("abcabcabcabcabcabcabc\n")]
    [InlineData("Ångström, 木, 🙂🙂, e\u0301")]
    public void DecodingReturnsTheText(string text)
    {
        var corpus = new Corpus(text);
        corpus.Decode([.. corpus.Training, .. corpus.Validation]).Should().Be(text);
        corpus.AlphabetSize.Should().Be(text.EnumerateRunes().Distinct().Count());
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("abcdefghij", 2)]
    [InlineData("abcdefghijklmnopqrst", 2)]
    public void TextThatIsTooShortThrows(string text, int context)
    {
        Action require = () => new Corpus(text).RequireSequencesOf(context);
        require.Should().Throw<InvalidDataException>().WithMessage($"The text has {text.Length} characters; with --context {context} *");
    }
}
