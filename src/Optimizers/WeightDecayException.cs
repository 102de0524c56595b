using System.Globalization;

namespace Optimizers;

/// <summary>
/// The learning rate times a decoupled weight decay is above 1, so the decay would change the signs of parameters.
/// Parameters, state, counters and schedules are unchanged.
/// </summary>
/// <remarks>
/// A decoupled decay multiplies parameters by 1 − ηλ. A product ηλ of 1 is accepted: it sets parameters to 0 before the update.
/// </remarks>
public sealed class WeightDecayException : ArgumentOutOfRangeException
{
    /// <summary>Creates an exception with the default message.</summary>
    public WeightDecayException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public WeightDecayException(string message)
        : base(null, message) => Reason = message;

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public WeightDecayException(string message, Exception innerException)
        : base(message, innerException) => Reason = message;

    private WeightDecayException(string message, double learningRate, double weightDecay)
        : base(nameof(learningRate), learningRate, message)
    {
        Reason = message;
        LearningRate = learningRate;
        WeightDecay = weightDecay;
    }

    /// <summary>The learning rate η, including every factor that multiplies the decay.</summary>
    public double LearningRate { get; } = double.NaN;

    /// <summary>The weight decay λ.</summary>
    public double WeightDecay { get; } = double.NaN;

    /// <summary>The message, without the name of the argument and its value.</summary>
    internal string Reason { get; } = "";

    /// <summary>The factor 1 − ηλ by which a decoupled decay multiplies parameters.</summary>
    /// <param name="learningRate">η</param>
    /// <param name="weightDecay">λ</param>
    /// <param name="group">The group, as messages name it; null at level 1.</param>
    /// <param name="rateName">The name of η in the message.</param>
    /// <param name="decayName">The name of λ in the message.</param>
    /// <exception cref="WeightDecayException">The factor is negative.</exception>
    internal static double FactorOf(
        double learningRate,
        double weightDecay,
        string? group = null,
        string rateName = "learning rate",
        string decayName = "weight decay")
    {
        double product = learningRate * weightDecay;

        // A NaN comes from state that already contains a NaN; it spreads here as everywhere else in a rule.
        return !(product > 1)
            ? 1 - product
            : throw new WeightDecayException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(group is null ? "The" : $"In {group} the")} {rateName} {learningRate} times the {decayName} {weightDecay} is {product:G6}, which is above 1. The decay multiplies parameters by 1 - {product:G6}, so it would change their signs. Lower the rate or the decay."),
                learningRate,
                weightDecay);
    }
}
