using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Optimizers from their names and JSON: <c>{"kind": "AdamW", "learningRate": 3e-4}</c>. What is not given has its default.
/// </summary>
/// <remarks>
/// <para>The properties are those of the options, of <see cref="AdamWOptions"/> for example; their case does not matter. An unknown
/// name or property is refused with the list of the valid ones, the nearest first.</para>
/// <para><see cref="Lbfgs"/>, which evaluates the loss itself, has <see cref="LbfgsConfiguration"/>.</para>
/// <para>Nothing is found by reflection, so that a trimmed program has them all.</para>
/// </remarks>
/// <example>
/// <code>
/// IOptimizerOptions options = OptimizerConfiguration.Parse("""{"kind": "AdamW", "learningRate": 3e-4}""");
/// var optimizer = new ModelOptimizer(model, options);
/// string text = OptimizerConfiguration.ToJson(options);
/// </code>
/// </example>
public static class OptimizerConfiguration
{
    private static readonly (IOptimizerOptions Defaults, Func<IReadOnlyList<int>, IOptimizerOptions, int, IOptimizer> Make)[] _rows =
    [
        Row(new AdEmaMixOptions(), (n, o, t) => new AdEmaMix(n, o, t)),
        Row(new AdaBeliefOptions(), (n, o, t) => new AdaBelief(n, o, t)),
        Row(new AdaDeltaOptions(), (n, o, t) => new AdaDelta(n, o, t)),
        Row(new AdaGradOptions(), (n, o, t) => new AdaGrad(n, o, t)),
        Row(new AdafactorOptions(), (s, o, t) => new Adafactor(s, o, t)),
        Row(new AdamOptions(), (n, o, t) => new Adam(n, o, t)),
        Row(new AdamWOptions(), (n, o, t) => new AdamW(n, o, t)),
        Row(new AdamaxOptions(), (n, o, t) => new Adamax(n, o, t)),
        Row(new AdanOptions(), (n, o, t) => new Adan(n, o, t)),
        Row(new AdoptOptions(), (n, o, t) => new Adopt(n, o, t)),
        Row(new AsgdOptions(), (n, o, t) => new Asgd(n, o, t)),
        Row(new FtrlOptions(), (n, o, t) => new Ftrl(n, o, t)),
        Row(new LambOptions(), (n, o, t) => new Lamb(n, o, t)),
        Row(new LarsOptions(), (n, o, t) => new Lars(n, o, t)),
        Row(new LionOptions(), (n, o, t) => new Lion(n, o, t)),
        Row(new MomentumOptions(), (n, o, t) => new Momentum(n, o, t)),
        Row(new MuonOptions(), (s, o, t) => new Muon(s, o, t)),
        Row(new NAdamOptions(), (n, o, t) => new NAdam(n, o, t)),
        Row(new NesterovOptions(), (n, o, t) => new Nesterov(n, o, t)),
        Row(new NovoGradOptions(), (n, o, t) => new NovoGrad(n, o, t)),
        Row(new ProdigyOptions(), (n, o, t) => new Prodigy(n, o, t)),
        Row(new RAdamOptions(), (n, o, t) => new RAdam(n, o, t)),
        Row(new RmsPropOptions(), (n, o, t) => new RmsProp(n, o, t)),
        Row(new RpropOptions(), (n, o, t) => new Rprop(n, o, t)),
        Row(new ScheduleFreeAdamWOptions(), (n, o, t) => new ScheduleFreeAdamW(n, o, t)),
        Row(new ScheduleFreeSgdOptions(), (n, o, t) => new ScheduleFreeSgd(n, o, t)),
        Row(new SgdOptions(), (n, o, t) => new Sgd(n, o, t)),
        Row(new SignSgdOptions(), (n, o, t) => new SignSgd(n, o, t)),
        Row(new SignumOptions(), (n, o, t) => new Signum(n, o, t)),
        Row(new SophiaOptions(), (n, o, t) => new Sophia(n, o, t)),
        Row(new SparseAdamOptions(), (n, o, t) => new SparseAdam(n, o, t)),
        Row(new YogiOptions(), (n, o, t) => new Yogi(n, o, t)),
    ];

    private static readonly ConfigurationTable<IOptimizerOptions> _table = new(
        "optimizer",
        type => type.Name[..^"Options".Length],
        Array.ConvertAll(_rows, row => (row.Defaults.GetType(), (IOptimizerOptions?)row.Defaults)));

    /// <summary>The names of all optimizers, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => _table.Names;

    /// <summary>Reads options.</summary>
    /// <param name="json">An object with the property <c>kind</c>, the name of the optimizer, and any of its options.</param>
    /// <exception cref="ArgumentException">The text is no JSON, the name or a property is unknown, or a value is of the wrong kind
    /// or out of its range.</exception>
    public static IOptimizerOptions Parse(string json) => Checked(_table.Read(null, ConfigurationText.Parse(json)));

    /// <summary>Makes the options of a named optimizer.</summary>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizerOptions CreateOptions(string name, string json = "{}")
    {
        ArgumentNullException.ThrowIfNull(name);
        return Checked(_table.Read(name, ConfigurationText.Parse(json)));
    }

    /// <summary>Reads options out of a larger document.</summary>
    /// <param name="json">An object as <see cref="Parse(string)"/> takes it.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizerOptions Parse(JsonElement json) => Checked(_table.Read(null, json));

    /// <summary>Makes the optimizer of one buffer.</summary>
    /// <returns>An instance of the class of that name, such as <see cref="Sophia"/>: a cast gives what only that class can do.</returns>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizer Create(string name, int length, string json = "{}", int threads = 0)
    {
        IOptimizerOptions options = CreateOptions(name, json);
        Require.AtLeast(length, 0);
        return Make([length], options, threads);
    }

    /// <summary>Makes the optimizer of a buffer that is a matrix or a tensor of more dimensions, as <see cref="Muon"/> needs it.</summary>
    /// <returns>An instance of the class of that name.</returns>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="shape">The length of each dimension, of which the last changes fastest.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizer Create(string name, IReadOnlyList<int> shape, string json = "{}", int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Make([.. shape], CreateOptions(name, json), threads);
    }

    /// <summary>Writes options, all of them, as <see cref="Parse(string)"/> reads them.</summary>
    /// <param name="options">The options of one of the library's optimizers.</param>
    /// <exception cref="ArgumentException">They are of an optimizer of somebody else's.</exception>
    public static string ToJson(IOptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConfigurationText.Write(writer => _table.Write(writer, options));
    }

    private static IOptimizer Make(int[] shape, IOptimizerOptions options, int threads) =>
        Array.Find(_rows, row => row.Defaults.GetType() == options.GetType()).Make(shape, options, threads);

    private static (IOptimizerOptions Defaults, Func<IReadOnlyList<int>, IOptimizerOptions, int, IOptimizer> Make) Row<TOptions>(
        TOptions defaults, Func<int, TOptions, int, IOptimizer> make)
        where TOptions : IOptimizerOptions =>
        Row(defaults, (IReadOnlyList<int> shape, TOptions options, int threads) => make(Optimizer.LengthOf(shape), options, threads));

    private static (IOptimizerOptions Defaults, Func<IReadOnlyList<int>, IOptimizerOptions, int, IOptimizer> Make) Row<TOptions>(
        TOptions defaults, Func<IReadOnlyList<int>, TOptions, int, IOptimizer> make)
        where TOptions : IOptimizerOptions =>
        (defaults, (shape, options, threads) => make(shape, (TOptions)options, threads));

    private static IOptimizerOptions Checked(IOptimizerOptions options)
    {
        OptionsCheck.Validate(options);
        return options;
    }
}
