namespace Optimizers.Diagnostics;

/// <summary>
/// An exponential moving average of losses, with bias correction: the weights of past losses are multiplied by β at each
/// step. Each loss has a second number, its place. The places are averaged with the same weights.
/// </summary>
internal struct LossAverage(double beta)
{
    private double _loss;
    private double _place;
    private double _weight;

    /// <summary>The average of the losses.</summary>
    public readonly double Loss => _loss / _weight;

    /// <summary>The average of the places of the losses.</summary>
    public readonly double Place => _place / _weight;

    public void Add(double loss, double place)
    {
        _loss = (beta * _loss) + ((1 - beta) * loss);
        _place = (beta * _place) + ((1 - beta) * place);
        _weight = (beta * _weight) + (1 - beta);
    }
}
