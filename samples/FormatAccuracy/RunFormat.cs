using Optimizers;

namespace FormatAccuracy;

/// <summary>The number formats of a training run: those of the optimizer's state, of the weights and of the gradients.</summary>
/// <param name="Name">The name in the table.</param>
internal sealed record RunFormat(string Name)
{
    private static readonly ParameterFormat _bFloat16 = new() { Values = NumberFormat.BFloat16 };

    /// <summary>All formats that the table compares. The first one is the reference.</summary>
    public static IReadOnlyList<RunFormat> All { get; } =
    [
        new("float32"),
        new("state in `BFloat16`") { State = StateFormat.BFloat16 },
        new("state in `Half`") { State = StateFormat.Half },
        new("state in `Block8`") { State = StateFormat.Block8 },
        new("weights in bfloat16, master copy") { Parameters = _bFloat16 },
        new("weights in bfloat16, stochastic rounding") { Parameters = _bFloat16 with { UpdatePrecision = UpdatePrecision.StochasticRounding } },
        new("weights in bfloat16, compensation") { Parameters = _bFloat16 with { UpdatePrecision = UpdatePrecision.Compensation } },
        new("weights in half, master copy; gradients in half, loss scale")
        {
            Parameters = new() { Values = NumberFormat.Half, Gradients = NumberFormat.Half },
            ScalesLoss = true,
        },
        new("gradients in bfloat16") { Parameters = new() { Gradients = NumberFormat.BFloat16 } },
        new("weights in bfloat16, stochastic rounding; gradients in bfloat16; state in `Block8`")
        {
            Parameters = new()
            {
                Values = NumberFormat.BFloat16,
                UpdatePrecision = UpdatePrecision.StochasticRounding,
                Gradients = NumberFormat.BFloat16,
            },
            State = StateFormat.Block8,
        },
        new("weights rounded to the nearest bfloat16 after each step") { RoundsAfterStep = true },
    ];

    /// <summary>The format of the optimizer's state. Default float32.</summary>
    public StateFormat State { get; init; }

    /// <summary>The formats of the weights and the gradients. Default float32.</summary>
    public ParameterFormat Parameters { get; init; } = new();

    /// <summary>Whether a <see cref="Optimizers.Training.LossScaler"/> scales the loss.</summary>
    public bool ScalesLoss { get; init; }

    /// <summary>
    /// Whether the sample itself rounds the weights to the nearest bfloat16 after each step. Updates below half the spacing of bfloat16
    /// are then lost. The table shows this known failure for comparison.
    /// </summary>
    public bool RoundsAfterStep { get; init; }
}
