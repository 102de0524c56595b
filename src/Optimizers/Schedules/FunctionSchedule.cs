namespace Optimizers.Schedules;

/// <summary>A schedule that a function of the update index gives.</summary>
/// <remarks><code>v(k) = function(k)</code></remarks>
/// <example>
/// <code>
/// var harmonic = new FunctionSchedule(k => 0.1 / (1 + k / 1_000.0));
/// </code>
/// </example>
public sealed class FunctionSchedule : ILrSchedule
{
    private readonly Func<long, double> _function;

    /// <summary>Makes the schedule.</summary>
    /// <param name="function">Gives the rate of the update with an index from 0 on. It should depend on nothing else: it
    /// may be asked for any index, in any order and more than once.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public FunctionSchedule(Func<long, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The function returned a rate that is negative, NaN or infinite, or threw the inner
    /// exception.</exception>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        double rate;
        try
        {
            rate = _function(step);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"The function of the {nameof(FunctionSchedule)} threw for update {step}: {exception.Message}", exception);
        }

        return rate >= 0 && float.IsFinite((float)rate)
            ? rate
            : throw new InvalidOperationException($"The function of the {nameof(FunctionSchedule)} returned {rate} for update {step}. A rate is finite and at least 0.");
    }
}
