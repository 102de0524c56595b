using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>A golden problem: the initial parameters, and either the gradients of each step or a function with a gradient.</summary>
internal sealed class GoldenProblem
{
    private readonly Dictionary<string, float[]?>[] _gradients = [];
    private readonly Dictionary<string, GoldenRows>[] _rows = [];

    public GoldenProblem(JsonElement json)
    {
        Tensors = [.. json.GetProperty("parameters").EnumerateArray().Select(tensor => new GoldenTensor(
            tensor.GetProperty("name").GetString()!,
            [.. GoldenCase.Numbers(tensor.GetProperty("shape")).Select(length => (int)length)],
            Floats(tensor.GetProperty("initial"))))];
        if (json.TryGetProperty("function", out JsonElement function))
        {
            Function = GoldenFunction.Of(function.GetString()!, json);
            return;
        }

        JsonElement[] steps = [.. json.GetProperty("gradients").EnumerateArray()];
        IsSparse = steps.Any(step => step.EnumerateObject().Any(tensor => tensor.Value.ValueKind == JsonValueKind.Object));
        if (IsSparse)
        {
            _rows = Array.ConvertAll(steps, step => step.EnumerateObject()
                .Where(tensor => tensor.Value.ValueKind != JsonValueKind.Null)
                .ToDictionary(tensor => tensor.Name, tensor => new GoldenRows(
                    [.. GoldenCase.Numbers(tensor.Value.GetProperty("rows")).Select(row => (int)row)],
                    Floats(tensor.Value.GetProperty("values")))));
        }
        else
        {
            _gradients = Array.ConvertAll(steps, step => step.EnumerateObject().ToDictionary(
                tensor => tensor.Name,
                tensor => tensor.Value.ValueKind == JsonValueKind.Null ? null : Floats(tensor.Value)));
        }
    }

    public IReadOnlyList<GoldenTensor> Tensors { get; }

    /// <summary>The function that computes the gradients; null if the problem lists them.</summary>
    public GoldenFunction? Function { get; }

    /// <summary>Whether the gradients of all tensors are lists of rows.</summary>
    public bool IsSparse { get; }

    /// <summary>Whether a tensor has a gradient in a step. The first step is 1.</summary>
    public bool HasGradient(int step, string tensor) =>
        Function is not null
        || (IsSparse ? _rows[step - 1].ContainsKey(tensor) : _gradients[step - 1].GetValueOrDefault(tensor) is not null);

    /// <summary>The rows of a tensor that have a gradient in a step; null if the tensor has none. The first step is 1.</summary>
    public GoldenRows? Rows(int step, string tensor, double scale) =>
        _rows[step - 1].GetValueOrDefault(tensor) is { } rows
            ? rows with { Values = Array.ConvertAll(rows.Values, element => (float)(element * scale)) }
            : null;

    /// <summary>The gradient of a tensor in a step; null if the tensor has none.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="tensor">The name of the tensor.</param>
    /// <param name="values">The current values of the tensor, which only a function uses.</param>
    /// <param name="scale">The factor of the gradient.</param>
    public float[]? Gradient(int step, string tensor, ReadOnlySpan<float> values, double scale)
    {
        double[]? gradient = Function is null
            ? ToDoubles(_gradients[step - 1].GetValueOrDefault(tensor))
            : Function.Gradient(ToDoubles(values.ToArray())!);
        return gradient is null ? null : Array.ConvertAll(gradient, element => (float)(element * scale));
    }

    /// <summary>Creates parameters with the initial values of the tensors.</summary>
    public ParameterSet Parameters()
    {
        var parameters = new ParameterSet();
        parameters.AddRange([.. Tensors.Select(tensor => (tensor.Name, tensor.Shape))]);
        foreach (GoldenTensor tensor in Tensors)
        {
            tensor.Initial.CopyTo(parameters[tensor.Name].Values);
        }

        return parameters;
    }

    /// <summary>Creates parameters with the initial values of the tensors and the gradients of a step.</summary>
    public ParameterSet Parameters(int step, double scale)
    {
        ParameterSet parameters = Parameters();
        TakeGradients(step, parameters, scale);
        return parameters;
    }

    /// <summary>Sets the gradients of parameters to those of a step. The first step is 1.</summary>
    public void TakeGradients(int step, ParameterSet parameters, double scale)
    {
        foreach (Parameter parameter in parameters)
        {
            float[]? gradient = Gradient(step, parameter.Name, parameter.Values, scale);
            parameter.HasGradient = gradient is not null;
            gradient?.CopyTo(parameter.Gradients);
        }
    }

    private static float[] Floats(JsonElement array) => Array.ConvertAll(GoldenCase.Numbers(array), number => (float)number);

    private static double[]? ToDoubles(float[]? values) =>
        values is null ? null : Array.ConvertAll(values, value => (double)value);
}

/// <summary>The gradient of some rows of a tensor.</summary>
internal sealed record GoldenRows(int[] Rows, float[] Values);

/// <summary>A tensor of a golden problem.</summary>
internal sealed record GoldenTensor(string Name, int[] Shape, float[] Initial);
