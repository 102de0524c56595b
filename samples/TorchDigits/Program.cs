using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using Digits;
using Samples;
using Spectre.Console;
using TorchDigits;
using TorchSharp;

// The exit code that shells use for a program that ends because of Ctrl+C.
const int Interrupted = 130;

var model = new Option<string>("--model")
{
    HelpName = "NAME",
    Description = "The network: cnn, a convolutional network, or vit, a vision transformer.",
    DefaultValueFactory = _ => "cnn",
    CustomParser = result =>
    {
        string given = result.Tokens[0].Value;
        if (!Models.Names.Contains(given))
        {
            result.AddError($"--model must be {string.Join(" or ", Models.Names)}, but is \"{given}\".");
        }

        return given;
    },
};
Option<int> epochs = CommandLine.WholeNumber(
    "--epochs", "The number of epochs: how often the training sees each image.", minimum: 1, maximum: 100_000, 30);
Option<int> seed = CommandLine.WholeNumber("--seed", "The seed of all random numbers.", 0, int.MaxValue, 1);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The maximum number of threads of torch and of an update; 0: one for each processor. Torch's rounding can depend on it.", 0, 1_024, 0);
Option<FileInfo> checkpoint = CommandLine.NewFile(
    "--checkpoint", "The file for checkpoints after each epoch. Ctrl+C stops after the current epoch. Without the option: no checkpoints.");
var resume = new Option<bool>("--resume") { Description = "Continue from the checkpoint. The result has the same bits as an uninterrupted run." };
var noComparison = new Option<bool>("--no-comparison") { Description = "Do not train with TorchSharp's AdamW, and print no table." };
Option<FileInfo> svg = CommandLine.NewFile("--svg", "The SVG file for the loss curves.", "torch-digits-loss.svg");
var quiet = new Option<bool>("--quiet") { Description = "Print only the last line. There is then no comparison." };

var command = new RootCommand(
    "Trains a TorchSharp network to read handwritten digits, with an optimizer of this library and then with TorchSharp's, and compares them. "
    + "The last line is the test accuracy of the averaged weights.")
{
    model, epochs, seed, threads, checkpoint, resume, noComparison, svg, quiet,
};
command.SetAction(result =>
{
    FileInfo? file = result.GetValue(checkpoint);
    if (Contradiction(file, result.GetValue(resume)) is { } contradiction)
    {
        Console.Error.WriteLine(contradiction);
        return CommandLine.WrongUsage;
    }

    if (!CommandLine.CanWrite("--svg", result.GetValue(svg)!) || (file is not null && !CommandLine.CanWrite("--checkpoint", file)))
    {
        return CommandLine.WrongUsage;
    }

    return CommandLine.Try(() => Train(
        new RunSettings(result.GetValue(model)!, result.GetValue(epochs), result.GetValue(seed)),
        result.GetValue(threads),
        file?.ToString(),
        result.GetValue(resume),
        compares: !result.GetValue(noComparison) && !result.GetValue(quiet),
        result.GetValue(svg)!,
        result.GetValue(quiet) ? null : Terminal.Open()));
});

return CommandLine.Run(command, args);

// Returns an error for options that are valid alone but not together, or that do not fit the existing files.
static string? Contradiction(FileInfo? checkpoint, bool resume) => (checkpoint, checkpoint?.Exists, resume) switch
{
    (null, _, true) => "--resume needs --checkpoint FILE.",
    ({ }, true, false) => $"--checkpoint \"{checkpoint}\" exists: continue from it with --resume, or remove it.",
    ({ }, false, true) => $"--resume needs a checkpoint, but \"{checkpoint}\" does not exist.",
    _ => null,
};

static int Train(RunSettings settings, int threads, string? checkpoint, bool resume, bool compares, FileInfo svg, IAnsiConsole? console)
{
    if (threads > 0)
    {
        torch.set_num_threads(threads);
    }

    DigitsData data = DigitsData.Load(DataFile.PathOf("digits.csv"));
    using var images = new ImageSet(data.Training);
    using var testImages = new ImageSet(data.Test);
    using var training = new Training(settings, images, testImages, threads);
    if (resume)
    {
        training.Load(checkpoint!);
    }

    // The first Ctrl+C stops after the current epoch. A second one ends the process at once.
    using var stop = new CancellationTokenSource();
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }

    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

    if (console is not null)
    {
        int done = training.History.Count;
        Console.WriteLine(
            $"{Count.Of(training.WeightCount, "weight")}, {Count.Of(settings.Epochs, "epoch")} of {Count.Of(images.Count, "image")}"
            + (done > 0 ? string.Create(CultureInfo.InvariantCulture, $", {done:N0} of them done") : ""));
    }

    if (!TrainingLog.ShowWhile(console, "Optimizers", settings.Epochs, onEpoch => training.Run(checkpoint, onEpoch, stop.Token)))
    {
        Console.Error.WriteLine(
            $"stopped after epoch {training.History.Count} of {settings.Epochs}"
            + (checkpoint is null ? "; nothing was saved because there is no --checkpoint" : "; continue with --resume"));
        return Interrupted;
    }

    File.WriteAllText(svg.FullName, $"{TrainingLog.Draw(settings.Model, training.History)}\n");
    if (console is not null)
    {
        Console.WriteLine($"weights: {training.Digest}");
        Console.WriteLine($"loss curves: {svg}");
    }

    if (compares)
    {
        Console.WriteLine("\nThe same training with TorchSharp's AdamW:");
        var costs = new StepCosts();
        EpochResult? last = TrainingLog.ShowWhile(
            console, "TorchSharp", settings.Epochs, onEpoch => TorchSharpTraining.Run(settings, images, testImages, costs, onEpoch, stop.Token));
        if (last is null)
        {
            Console.Error.WriteLine("stopped before the table; the training with this library was complete");
            return Interrupted;
        }

        ComparisonTable.Print(console!, last, costs, training.History[^1], training.Costs);
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy: {training.History[^1].AverageTest!.Accuracy:F4}"));
    return 0;
}
