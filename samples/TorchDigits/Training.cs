using System.Security.Cryptography;
using System.Text.Json;
using Digits;
using Optimizers;
using Optimizers.Checkpoints;
using Optimizers.Schedules;
using Optimizers.TorchSharp;
using Optimizers.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchDigits;

/// <summary>All settings that change the bits of the weights.</summary>
/// <param name="Model">The name of the network: see <see cref="Models.Names"/>.</param>
/// <param name="Epochs">The number of epochs of the whole run.</param>
/// <param name="Seed">The seed of torch's generator: initial weights, order of the images, dropout.</param>
internal sealed record RunSettings(string Model, int Epochs, int Seed)
{
    public const int BatchSize = 32;
    public const double Beta2 = 0.99;
    public const double WeightDecay = 0.05;
    public const double MaximumNorm = 1;

    /// <summary>The learning rate of each update, for this number of training images.</summary>
    public ILrSchedule ScheduleFor(long images)
    {
        long steps = Steps.FromEpochs(Epochs, images, BatchSize);
        return new WarmupCosine(peak: 3e-3, warmupSteps: steps / 10, totalSteps: steps, floor: 3e-5);
    }

    /// <summary>Returns the settings as options of the command line.</summary>
    public override string ToString() => $"--model {Model} --epochs {Epochs} --seed {Seed}";
}

/// <summary>The results of an epoch.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Loss">The mean training loss during the epoch.</param>
/// <param name="Test">The results of the weights on the test images.</param>
/// <param name="AverageTest">The results of the averaged weights on the test images. Null without an average.</param>
internal sealed record EpochResult(int Epoch, double Loss, TestResult Test, TestResult? AverageTest = null);

/// <summary>The results on the test images.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share of images with the right prediction.</param>
internal sealed record TestResult(double Loss, double Accuracy);

/// <summary>Images of the shape [n, 1, 8, 8] and labels of the shape [n].</summary>
internal sealed class ImageSet(IReadOnlyList<Digit> digits) : IDisposable
{
    public Tensor Images { get; } = tensor(digits.SelectMany(digit => digit.Pixels).ToArray()).reshape(digits.Count, 1, 8, 8);

    public Tensor Labels { get; } = tensor(digits.Select(digit => (long)digit.Label).ToArray());

    public int Count => digits.Count;

    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}

/// <summary>Trains a network with AdamW: groups, schedule, clipping, average of the weights, checkpoints.</summary>
internal sealed class Training : IDisposable
{
    private const string Settings = "settings", Epoch = "epoch", Results = "results";

    private readonly RunSettings _settings;
    private readonly ImageSet _images;
    private readonly ImageSet _testImages;
    private readonly Module<Tensor, Tensor> _network;
    private readonly ModuleOptimizer _optimizer;
    private readonly ExponentialMovingAverage _average;
    private readonly Checkpoint _checkpoint;
    private readonly List<EpochResult> _history = [];

    /// <param name="settings">The settings.</param>
    /// <param name="images">The training images.</param>
    /// <param name="testImages">The test images.</param>
    /// <param name="threads">The maximum number of threads of an update; 0: one for each processor.</param>
    public Training(RunSettings settings, ImageSet images, ImageSet testImages, int threads)
    {
        _settings = settings;
        _images = images;
        _testImages = testImages;

        manual_seed(settings.Seed);
        _network = Models.Create(settings.Model);

        // Weight decay applies to matrices and kernels. Biases and the gains of norms have one dimension.
        var options = new AdamWOptions { Beta2 = RunSettings.Beta2, WeightDecay = RunSettings.WeightDecay };
        _optimizer = new ModuleOptimizer(
            _network,
            [
                new ParameterGroup(options) { Where = parameter => parameter.Shape.Count > 1 },
                new ParameterGroup(options with { WeightDecay = 0 }),
            ],
            new ModelOptimizerOptions
            {
                Schedule = settings.ScheduleFor(images.Count),
                Clip = new ClipByGlobalNorm { MaximumNorm = RunSettings.MaximumNorm },
                Threads = threads,
            });
        _average = new ExponentialMovingAverage(_optimizer.Parameters, new() { Decay = 0.99, Warmup = true, Threads = threads });

        // The checkpoint has the network with its buffers, the optimizer and torch's generator. The average is added here.
        _checkpoint = _optimizer.CreateCheckpoint();
        _checkpoint.Add("average", _average);
    }

    /// <summary>The results of the epochs so far.</summary>
    public IReadOnlyList<EpochResult> History => _history;

    /// <summary>The number of trained weights.</summary>
    public long WeightCount => _optimizer.Parameters.ElementCount;

    /// <summary>The time and the memory of the updates.</summary>
    public StepCosts Costs { get; } = new();

    /// <summary>The SHA-256 of the parameters and buffers of the network, to compare runs.</summary>
    public string Digest
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (Tensor value in _network.state_dict().Values)
            {
                hash.AppendData(value.bytes);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Trains until the last epoch, or until the token stops it between two epochs.</summary>
    /// <param name="checkpoint">The file to save after each epoch. Null: no file.</param>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="stop">Stops the training after the current epoch.</param>
    /// <returns>Whether the last epoch was reached.</returns>
    public bool Run(string? checkpoint, Action<EpochResult> onEpoch, CancellationToken stop)
    {
        while (_history.Count < _settings.Epochs && !stop.IsCancellationRequested)
        {
            double loss = TrainEpoch(_network, _images, Update);
            TestResult test = Evaluate(_network, _testImages);

            // The average replaces the parameters until the end of the block. The buffers of BatchNorm layers stay as they are.
            using (_average.SwapIn())
            {
                _history.Add(new EpochResult(_history.Count + 1, loss, test, Evaluate(_network, _testImages)));
            }

            if (checkpoint is not null)
            {
                Save(checkpoint);
            }

            onEpoch(_history[^1]);
        }

        return _history.Count >= _settings.Epochs;
    }

    /// <summary>Continues from a checkpoint.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or belongs to a run with other settings.</exception>
    public void Load(string path)
    {
        try
        {
            // The settings are compared first: for another network, a load would list the shapes of all tensors.
            using (var file = SafetensorsReader.Open(path))
            {
                string? settings = file.Metadata.GetValueOrDefault($"values.{Settings}");
                if (settings != $"{_settings}")
                {
                    throw new InvalidDataException(settings is null
                        ? $"\"{path}\" is not a checkpoint of this program."
                        : $"\"{path}\" belongs to a run with {settings}, but this run has {_settings}. Use the options of that run, or another --checkpoint.");
                }
            }

            _checkpoint.Load(path);
        }
        catch (CheckpointException e)
        {
            throw new InvalidDataException(e.Message.ReplaceLineEndings(" "), e);
        }

        _history.AddRange(JsonSerializer.Deserialize<EpochResult[]>(_checkpoint.Values[Results])!);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }

    /// <summary>Trains on each image once, in a random order.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The training images.</param>
    /// <param name="update">Updates the weights. It is called when the gradients of a batch are ready.</param>
    /// <returns>The mean loss. The loss of an image is the one before the update that uses the image.</returns>
    public static double TrainEpoch(Module<Tensor, Tensor> network, ImageSet images, Action update)
    {
        network.train();
        using DisposeScope epoch = NewDisposeScope();
        double sum = 0;
        foreach (Tensor batch in randperm(images.Count).split(RunSettings.BatchSize))
        {
            using DisposeScope step = NewDisposeScope();
            Tensor scores = network.forward(images.Images.index_select(0, batch));
            Tensor loss = functional.cross_entropy(scores, images.Labels.index_select(0, batch));
            loss.backward();
            update();
            sum += loss.item<float>() * batch.shape[0];
        }

        return sum / images.Count;
    }

    /// <summary>Computes the loss and the accuracy without dropout.</summary>
    public static TestResult Evaluate(Module<Tensor, Tensor> network, ImageSet images)
    {
        network.eval();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable withoutGraph = no_grad();
        Tensor scores = network.forward(images.Images);
        double loss = functional.cross_entropy(scores, images.Labels).item<float>();
        long right = scores.argmax(1).eq(images.Labels).sum().item<long>();
        return new TestResult(loss, (double)right / images.Count);
    }

    // Step clips the gradients, updates the weights and sets the gradients to null. The costs are only for the table at the end.
    private void Update() => _average.Update(Costs.Measure(() => _optimizer.Step()));

    private void Save(string path)
    {
        _checkpoint.Values[Settings] = $"{_settings}";
        _checkpoint.Values[Epoch] = $"{_history.Count}";
        _checkpoint.Values[Results] = JsonSerializer.Serialize(_history);
        _checkpoint.Save(path);
    }
}
