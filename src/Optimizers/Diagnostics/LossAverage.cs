namespace Optimizers.Diagnostics;

/// <summary>
/// A running average of losses in which those of the past weigh β less with each step, corrected for its start; and of what
/// goes with them, under the same weights.
/// </summary>
internal struct LossAverage(double beta)
{
    private double _loss;
    private double _place;
    private double _weight;

    /// <summary>The average of the losses.</summary>
    public readonly double Loss => _loss / _weight;

    /// <summary>The average of their places.</summary>
    public readonly double Place => _place / _weight;

    public void Add(double loss, double place)
    {
        _loss = (beta * _loss) + ((1 - beta) * loss);
        _place = (beta * _place) + ((1 - beta) * place);
        _weight = (beta * _weight) + (1 - beta);
    }
}
