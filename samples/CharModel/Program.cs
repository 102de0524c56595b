using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using CharModel;
using Optimizers.Checkpoints;
using Samples;
using Spectre.Console;

// The exit code that shells use for a program that ends because of Ctrl+C.
const int Interrupted = 130;

var standard = new RunSettings();
Option<int> steps = CommandLine.WholeNumber("--steps", "The number of updates.", 1, int.MaxValue, standard.Steps);
Option<int> batch = CommandLine.WholeNumber("--batch", "The number of sequences in an update.", 1, 1_024, standard.Batch);
Option<int> context = CommandLine.WholeNumber(
    "--context", "The number of characters in a sequence, which is how far back the model sees.", 1, 4_096, standard.Context);
Option<int> width = CommandLine.WholeNumber("--width", "The number of features of a character.", 1, 1_024, standard.Width);
Option<int> layers = CommandLine.WholeNumber("--layers", "The number of transformer blocks.", 1, 64, standard.Layers);
Option<int> heads = CommandLine.WholeNumber("--heads", "The number of attention heads; the width must be a multiple of it.", 1, 1_024, standard.Heads);
Option<double> rate = CommandLine.Number(
    "--rate", "The learning rate after the warmup; a cosine schedule reduces it to a tenth.", 0, 1, standard.Rate);
Option<int> seed = CommandLine.WholeNumber("--seed", "The seed of all random numbers.", 0, int.MaxValue, standard.Seed);
var data = new Option<FileInfo>("--data")
{
    HelpName = "FILE",
    Description = "The training text, in UTF-8; the last tenth is for validation. Without the option: nine plays by Shakespeare.",
};
Option<FileInfo> checkpoint = CommandLine.NewFile(
    "--checkpoint", "The file for checkpoints during the run, at the end and on Ctrl+C. Without the option: no checkpoints.");
Option<int> every = CommandLine.WholeNumber("--every", "The number of updates between two checkpoints.", 1, int.MaxValue, 100);
var resume = new Option<bool>("--resume") { Description = "Continue from the checkpoint. The result has the same bits as an uninterrupted run." };
Option<int> sample = CommandLine.WholeNumber("--sample", "The number of characters of the text that the model writes at the end.", 0, int.MaxValue, 500);
Option<double> temperature = CommandLine.Number(
    "--temperature", "The randomness of the written text: 0 always takes the most likely character, 1 uses the predicted probabilities.", 0, 100, 0.8);
Option<int> threads = CommandLine.WholeNumber(
    "--threads", "The maximum number of threads; 0: one for each processor. The number changes no bit of the result.", 0, 1_024, 0);
var quiet = new Option<bool>("--quiet") { Description = "Print only the last line." };

var command = new RootCommand(
    "Trains a small transformer to write text character by character, in the style of a given text. "
    + "The last line is the loss on the validation part of the text, which is not used for training.")
{
    steps, batch, context, width, layers, heads, rate, seed,
    data, checkpoint, every, resume, sample, temperature, threads, quiet,
};
command.SetAction(result =>
{
    if (Contradiction(result) is { } contradiction)
    {
        Console.Error.WriteLine(contradiction);
        return CommandLine.WrongUsage;
    }

    var settings = new RunSettings(
        result.GetValue(steps),
        result.GetValue(batch),
        result.GetValue(context),
        result.GetValue(width),
        result.GetValue(layers),
        result.GetValue(heads),
        result.GetValue(rate),
        result.GetValue(seed));
    return CommandLine.Try(() =>
    {
        string text = result.GetValue(data)?.FullName ?? DataFile.PathOf("shakespeare.txt");
        using var training = new Training(settings, Corpus.Read(text), result.GetValue(threads));
        TrainingCheckpoint? saved = result.GetValue(checkpoint) is { } file ? new TrainingCheckpoint(training, file.ToString()) : null;
        if (result.GetValue(resume))
        {
            saved?.Load();
        }

        if (training.Optimizer.UpdateCount < settings.Steps && result.GetValue(checkpoint) is { } place && !CanSave(place))
        {
            return CommandLine.WrongUsage;
        }

        var run = new Run(training, settings.Steps) { Checkpoint = saved, CheckpointEvery = result.GetValue(every) };
        if (!Train(run, result.GetValue(quiet) ? null : Terminal.Open(), training, settings))
        {
            Console.Error.WriteLine(
                $"stopped after step {training.Optimizer.UpdateCount} of {settings.Steps}"
                + (saved is null ? "; nothing was saved because there is no --checkpoint" : "; continue with --resume"));
            return Interrupted;
        }

        if (!result.GetValue(quiet))
        {
            Console.WriteLine($"\n{training.Write(result.GetValue(sample), result.GetValue(temperature))}\n");
            Console.WriteLine($"weights: {training.WeightsHash}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"validation loss: {training.Validate(training.ValidationSequences):F4}"));
        return 0;
    });
});

return CommandLine.Run(command, args);

// A checkpoint is written to a temporary file in the same folder and then renamed. So check a name of the same length in that folder.
static bool CanSave(FileInfo file)
{
    try
    {
        OutputFile.RequireWritable(Path.Combine(file.DirectoryName!, $"{(file.Name[0] == '_' ? '-' : '_')}{file.Name[1..]}"));
        return true;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"--checkpoint must name a file that can be written, but is \"{file}\": {e.Message}");
        return false;
    }
}

// Returns an error for options that are valid alone but not together, or that do not fit the existing files.
string? Contradiction(ParseResult result)
{
    if (result.GetValue(width) % result.GetValue(heads) != 0)
    {
        return $"--width must be a multiple of --heads, but is {result.GetValue(width)} with {Count.Of(result.GetValue(heads), "head")}.";
    }

    if (result.GetValue(data) is { Exists: false } text)
    {
        return $"--data must name an existing file, but \"{text}\" does not exist.";
    }

    if (result.GetValue(checkpoint) is not { } file)
    {
        return result.GetValue(resume) ? "--resume needs --checkpoint FILE."
            : result.GetResult(every) is { Implicit: false } ? "--every needs --checkpoint FILE."
            : null;
    }

    if (Directory.Exists(file.FullName) || file.Directory is not { Exists: true })
    {
        return $"--checkpoint must name a file in a folder that exists, but is \"{file}\".";
    }

    return (file.Exists, result.GetValue(resume)) switch
    {
        (true, false) => $"--checkpoint \"{file}\" exists: continue from it with --resume, or remove it.",
        (false, true) => $"--resume needs a checkpoint, but \"{file}\" does not exist.",
        _ => null,
    };
}

// The first Ctrl+C stops between two steps. A second one ends the process at once.
static bool Train(Run run, IAnsiConsole? console, Training training, RunSettings settings)
{
    using var stop = new CancellationTokenSource();
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }

    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    if (console is null)
    {
        return run.Go(onStep: null, stop.Token);
    }

    long done = training.Optimizer.UpdateCount;
    Console.WriteLine(
        $"{Count.Of(training.WeightCount, "weight")}, {Count.Of(settings.Steps, "step")} of {Count.Of(training.CharactersPerStep, "character")}"
        + (done > 0 ? string.Create(CultureInfo.InvariantCulture, $", {done:N0} of them done") : ""));
    bool finished = false;
    TrainingLog.ShowWhile(console, settings.Steps, onStep => finished = run.Go(onStep, stop.Token));
    return finished;
}
