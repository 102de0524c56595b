using System.Reflection;

namespace Optimizers.Tests;

/// <summary>Helpers for cautious updates, which have no golden files: options with Cautious set, and a slow loop in double.</summary>
internal static class Cautious
{
    /// <summary>The options with cautious updates; null if the optimizer has no such option.</summary>
    public static TOptions? Of<TOptions>(TOptions options)
        where TOptions : IOptimizerOptions =>
        typeof(TOptions).GetProperty(nameof(IOptimizerOptions.Cautious)) is null ? default
        : options is RmsPropOptions ? (TOptions)(object)new RmsPropOptions { Cautious = true, Momentum = 0.9 }
        : options is AdanOptions ? (TOptions)(object)new AdanOptions { Cautious = true, DecoupledWeightDecay = true }
        : With(options, nameof(IOptimizerOptions.Cautious), true);

    /// <summary>A copy with one option changed.</summary>
    public static TOptions With<TOptions>(TOptions options, string property, object value)
    {
        object copy = options!.GetType().GetMethod("<Clone>$")!.Invoke(options, null)!;
        PropertyInfo option = options.GetType().GetProperty(property)!;
        option.SetValue(copy, value);
        return (TOptions)copy;
    }

    /// <summary>
    /// A cautious step in double. An element moves as in the plain step if the move is against its gradient; the other elements do not
    /// move. The moves are divided by the share of moving elements.
    /// </summary>
    public static OracleStep Oracle<TOptions>(TOptions options, Func<TOptions, OracleStep> oracle)
        where TOptions : IOptimizerOptions
    {
        // A decay inside the rule is part of its step. Only a rule with sums may read the parameter.
        bool inRule = options.DecayForm == DecayForm.InRule;
        bool sums = options is LambOptions or LarsOptions or NovoGradOptions or ProdigyOptions or MuonOptions;
        TOptions plain = With(With(options, nameof(options.Cautious), false), nameof(options.WeightDecay), inRule ? options.WeightDecay : 0.0);
        OracleStep step = oracle(plain);
        return (parameters, gradients, t, rate) =>
        {
            double coupled = options.DecayForm == DecayForm.Coupled ? options.WeightDecay : 0;
            double decoupled = options.DecayForm == DecayForm.Decoupled ? options.WeightDecay * rate : 0;
            double sign = options.Maximize ? -1 : 1;
            double[] seen = [.. gradients.Zip(parameters, (g, p) => (sign * g) + (coupled * p))];
            double[] from = sums ? [.. parameters] : new double[parameters.Length];
            double[] to = [.. from];
            step(to, [.. seen.Select(g => sign * g)], t, rate);
            double[] move = [.. to.Zip(from, (after, before) => after - before)];
            bool[] kept = [.. move.Zip(seen, (m, g) => Math.Sign(m) * Math.Sign(g) < 0)];
            double scale = 1 / Math.Max((double)kept.Count(keep => keep) / kept.Length, 1e-3);
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i] = (parameters[i] * (1 - decoupled)) + (kept[i] ? scale * move[i] : 0);
            }
        };
    }
}
