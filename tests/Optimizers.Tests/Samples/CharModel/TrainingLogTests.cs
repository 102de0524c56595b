extern alias CharModel;

using CharModel::CharModel;
using Spectre.Console;

namespace Optimizers.Tests.Samples.CharModel;

public sealed class TrainingLogTests
{
    [Fact]
    public void TerminalShowsABarAndALineForEachMeasurement()
    {
        using var output = new StringWriter();
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(output),
        });
        terminal.Profile.Width = 80;
        int told = 0;
        TrainingLog.ShowWhile(terminal, steps: 2, onStep =>
        {
            onStep(Progress(step: 1, validationLoss: null));
            onStep(Progress(step: 2, validationLoss: 1.5));
            told = 2;
        });
        told.Should().Be(2);
        output.ToString().Should().Contain("step 2  loss 1.250  validation 1.500  rate 3.0e-3  norm 0.75  12,345 tokens/s\n")
            .And.NotContain("step 1").And.Contain("\u001b[?25l", "the bar hides the cursor");
    }

    private static TrainingProgress Progress(long step, double? validationLoss) => new(
        new StepReport { Update = step - 1, LearningRate = 0.003, GradientNorm = 0.75, ClipFactor = 1, Updated = 1 },
        Loss: 1.25,
        TokensPerSecond: 12_345,
        validationLoss);
}
