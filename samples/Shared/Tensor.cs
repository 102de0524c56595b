namespace Samples;

/// <summary>The initial values of a parameter in row-major order. A weight matrix has one row per output.</summary>
internal sealed record Tensor(string Name, int[] Shape, float[] Initial);
