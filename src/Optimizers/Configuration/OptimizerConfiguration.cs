using System.Text.Json;

namespace Optimizers;

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
    private static readonly ConfigurationTable<IOptimizerOptions> _table = new(
        "optimizer",
        type => type.Name[..^"Options".Length],
        Rows(
            new AdEmaMixOptions(),
            new AdaBeliefOptions(),
            new AdaDeltaOptions(),
            new AdaGradOptions(),
            new AdafactorOptions(),
            new AdamOptions(),
            new AdamWOptions(),
            new AdamaxOptions(),
            new AdanOptions(),
            new AdoptOptions(),
            new AsgdOptions(),
            new FtrlOptions(),
            new LambOptions(),
            new LarsOptions(),
            new LionOptions(),
            new MomentumOptions(),
            new MuonOptions(),
            new NAdamOptions(),
            new NesterovOptions(),
            new NovoGradOptions(),
            new ProdigyOptions(),
            new RAdamOptions(),
            new RmsPropOptions(),
            new RpropOptions(),
            new ScheduleFreeAdamWOptions(),
            new ScheduleFreeSgdOptions(),
            new SgdOptions(),
            new SignSgdOptions(),
            new SignumOptions(),
            new SophiaOptions(),
            new SparseAdamOptions(),
            new YogiOptions()));

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
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizer Create(string name, int length, string json = "{}", int threads = 0) => CreateOptions(name, json) switch
    {
        ScheduleFreeSgdOptions options => new ScheduleFreeSgd(length, options, threads),
        ScheduleFreeAdamWOptions options => new ScheduleFreeAdamW(length, options, threads),
        IOptimizerOptions options => new Optimizer(length, options, threads),
    };

    /// <summary>Makes the optimizer of a buffer that is a matrix or a tensor of more dimensions, as <see cref="Muon"/> needs it.</summary>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="shape">The length of each dimension, of which the last changes fastest.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static IOptimizer Create(string name, IReadOnlyList<int> shape, string json = "{}", int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        IOptimizerOptions options = CreateOptions(name, json);
        var optimizer = new Optimizer(shape, options, threads);
        return options is IScheduleFreeOptions ? Create(name, optimizer.State.Length, json, threads) : optimizer;
    }

    /// <summary>Writes options, all of them, as <see cref="Parse(string)"/> reads them.</summary>
    /// <param name="options">The options of one of the library's optimizers.</param>
    /// <exception cref="ArgumentException">They are of an optimizer of somebody else's.</exception>
    public static string ToJson(IOptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConfigurationText.Write(writer => _table.Write(writer, options));
    }

    private static (Type Type, IOptimizerOptions? Defaults)[] Rows(params IOptimizerOptions[] defaults) =>
        Array.ConvertAll(defaults, options => (options.GetType(), (IOptimizerOptions?)options));

    private static IOptimizerOptions Checked(IOptimizerOptions options)
    {
        OptionsCheck.Validate(options);
        return options;
    }
}
