namespace Optimizers.Schedules;

/// <summary>A schedule that calls a function of the update index.</summary>
/// <remarks><code>v(k) = function(k)</code></remarks>
/// <example>
/// <code>
/// var harmonic = new FunctionSchedule(k => 0.1 / (1 + k / 1_000.0));
/// </code>
/// </example>
public sealed class FunctionSchedule : ILrSchedule
{
    private readonly Func<long, double> _function;

    /// <summary>Creates the schedule.</summary>
    /// <param name="function">Returns the rate of an update; its argument is the update index, from 0 on. The result should
    /// depend only on the index: the function may be called with any index, in any order and more than once.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public FunctionSchedule(Func<long, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The function returned a rate that is negative, NaN or infinite. Or it threw an
    /// exception, which is the inner exception.</exception>
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
            : throw new InvalidOperationException($"The function of the {nameof(FunctionSchedule)} returned {rate} for update {step}. A rate must be finite and at least 0.");
    }
}
