using System.Text.Json;
using System.Text.Json.Nodes;
using Optimizers;
using Optimizers.Checkpoints;

namespace CharModel;

/// <summary>
/// A training in a file: weights, the state of the optimizer, and values. What comes next is a pure function of the settings,
/// the text and the number of updates, so that nothing else has to be in it.
/// </summary>
/// <param name="training">What is saved and loaded.</param>
/// <param name="path">The file.</param>
internal sealed class TrainingCheckpoint(Training training, string path)
{
    private const string Identity = "run";
    private const string Smoothing = "smoothing";

    private readonly Checkpoint _checkpoint = new(training.Optimizer);

    /// <summary>Saves everything; when it returns, the file survives a power cut.</summary>
    public void Save()
    {
        _checkpoint.Values[Identity] = training.Identity.ToJsonString();
        _checkpoint.Values[Smoothing] = JsonSerializer.Serialize(training.Smoothing);
        _checkpoint.Save(path);
    }

    /// <summary>Loads everything.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or of a run with other settings.</exception>
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
            throw new InvalidDataException($"\"{path}\" is no checkpoint of this program.", e);
        }
    }

    // Said in the words of the command line, before the tensors are compared, all of which would be different.
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
            throw new InvalidDataException($"\"{path}\" is of another run: {string.Join("; ", different)}.");
        }
    }
}
