using System.Text.Json;
using System.Text.Json.Nodes;
using Optimizers;
using Optimizers.Checkpoints;

namespace CharModel;

/// <summary>
/// Saves a training to a file: the weights, the state of the optimizer, the settings and the smoothed loss. All later updates are a
/// pure function of the settings, the text and the number of updates, so the file needs nothing else.
/// </summary>
/// <param name="training">The training to save and load.</param>
/// <param name="path">The file.</param>
internal sealed class TrainingCheckpoint(Training training, string path)
{
    private const string Identity = "run";
    private const string Smoothing = "smoothing";

    private readonly Checkpoint _checkpoint = new(training.Optimizer);

    /// <summary>Saves the training. After the method returns, the file survives a power cut.</summary>
    public void Save()
    {
        _checkpoint.Values[Identity] = training.Identity.ToJsonString();
        _checkpoint.Values[Smoothing] = JsonSerializer.Serialize(training.Smoothing);
        _checkpoint.Save(path);
    }

    /// <summary>Loads the training.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or belongs to a run with other settings.</exception>
    public void Load()
    {
        try
        {
            RequireSameRun();
            _checkpoint.Load(path);
            training.Smoothing = JsonSerializer.Deserialize<Smoothing>(_checkpoint.Values[Smoothing]);
        }
        catch (CheckpointException e)
        {
            throw new InvalidDataException(e.Message.ReplaceLineEndings(" "), e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"\"{path}\" is not a checkpoint of this program.", e);
        }
    }

    // Compares the settings first, so that the message names the options. Otherwise the message would list the shapes of all tensors.
    private void RequireSameRun()
    {
        using var file = SafetensorsReader.Open(path);
        JsonObject there = JsonNode.Parse(file.Metadata[$"values.{Identity}"])!.AsObject();
        string[] different =
        [
            .. training.Identity.Where(pair => !JsonNode.DeepEquals(pair.Value, there[pair.Key]))
                .Select(pair => $"--{pair.Key} is {pair.Value}, but {there[pair.Key]} in the file"),
        ];
        if (different.Length > 0)
        {
            throw new InvalidDataException($"\"{path}\" belongs to another run: {string.Join("; ", different)}. Use the options of that run, or another --checkpoint.");
        }
    }
}
