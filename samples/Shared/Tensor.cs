namespace Samples;

/// <summary>Initial values of a parameter, row-major; a weight matrix has one row for each output.</summary>
internal sealed record Tensor(string Name, int[] Shape, float[] Initial);
