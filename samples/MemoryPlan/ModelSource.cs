using System.Globalization;
using Optimizers.Checkpoints;

namespace PlanMemory;

/// <summary>The parameters of the model: a number, or names and shapes.</summary>
internal sealed class ModelSource
{
    private const long MostParameters = 10_000_000_000_000;
    private const string ParametersPrefix = "parameters.";

    private readonly string _text;

    private ModelSource(string text) => _text = text;

    /// <summary>The number of parameters, if the shapes are unknown.</summary>
    public long Count { get; private init; }

    /// <summary>The name and the shape of each parameter; null if only their number is known.</summary>
    public IReadOnlyList<(string Name, int[] Shape)>? Shapes { get; private init; }

    /// <summary>The number of tensors in the file that are not parameters.</summary>
    public int LeftOut { get; private init; }

    /// <summary>Reads a number of parameters such as 7e9 or 124000000.</summary>
    /// <exception cref="FormatException">The text is not such a number.</exception>
    public static ModelSource OfCount(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal count)
            && count >= 1 && count <= MostParameters && count == decimal.Truncate(count)
            ? new ModelSource(text) { Count = (long)count }
            : throw new FormatException($"must be a whole number from 1 to 1e13, but is \"{text}\".");

    /// <summary>Reads shapes such as "4096x4096, 4096".</summary>
    /// <exception cref="FormatException">The text is not a list of shapes.</exception>
    public static ModelSource OfShapes(string text) => new(text)
    {
        Shapes =
        [
            .. text.Split(',').Select((shape, i) => (string.Create(CultureInfo.InvariantCulture, $"{i + 1}: {shape.Trim()}"), ShapeOf(shape.Trim(), text))),
        ],
    };

    /// <summary>Reads the shapes in the header of a safetensors file. Its elements are not read.</summary>
    /// <exception cref="FormatException">The file is not a safetensors file, or has no parameters.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelSource OfFile(string path)
    {
        IReadOnlyList<SafetensorsTensor> tensors;
        bool isCheckpoint;
        try
        {
            using var reader = SafetensorsReader.Open(path);
            tensors = reader.Tensors;
            isCheckpoint = reader.Metadata.ContainsKey("update_count");
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"must name a safetensors file, but is \"{path}\": {Samples.CommandLine.MessageOf(e)}", e);
        }

        // A checkpoint of the library also has the state of the optimizer.
        SafetensorsTensor[] parameters =
            [.. tensors.Where(tensor => IsFloat(tensor.Type) && (!isCheckpoint || tensor.Name.StartsWith(ParametersPrefix, StringComparison.Ordinal)))];
        return parameters.Length == 0
            ? throw new FormatException($"must name a file with parameters, but none of the {tensors.Count} tensors of \"{path}\" is one: parameters have the type F32, BF16, F16 or F64.")
            : new ModelSource(path)
            {
                Shapes = [.. parameters.Select(tensor => (isCheckpoint ? tensor.Name[ParametersPrefix.Length..] : tensor.Name, ShapeOf(tensor, path)))],
                LeftOut = tensors.Count - parameters.Length,
            };
    }

    /// <summary>Returns the text of the option.</summary>
    public override string ToString() => _text;

    private static bool IsFloat(SafetensorsType type) =>
        type is SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16 or SafetensorsType.F64;

    private static int[] ShapeOf(SafetensorsTensor tensor, string path) => tensor.Shape.All(length => length <= int.MaxValue)
        ? [.. tensor.Shape.Select(length => (int)length)]
        : throw new FormatException($"must name a file with parameters of at most {int.MaxValue} elements, but \"{path}\" has {tensor}.");

    private static int[] ShapeOf(string shape, string text)
    {
        string[] lengths = shape.Split('x', '×');
        int[] numbers = new int[lengths.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(lengths[i], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out numbers[i]))
            {
                throw new FormatException($"must be shapes such as \"4096x4096, 4096\", but is \"{text}\": \"{shape}\" is not a shape.");
            }
        }

        return numbers;
    }
}
