using System.CommandLine;
using Optimizers;
using PlanMemory;
using Samples;
using Spectre.Console;

Option<ModelSource> count = SourceOption(
    "--parameters", "COUNT", "The number of parameters, for example 7e9. They have no shapes, so matrices of 4,096 × 4,096 are assumed for Muon and Adafactor.",
    ModelSource.OfCount);
Option<ModelSource> file = SourceOption(
    "--model", "FILE", "A safetensors file. The shapes of its floating-point tensors are read, and only the header of the file. Of a checkpoint of this library, only the parameters count.",
    ModelSource.OfFile);
Option<ModelSource> shapes = SourceOption(
    "--shapes", "LIST", "The shapes of the parameters, separated by commas, for example \"4096x4096, 4096\".", ModelSource.OfShapes);
Option<IOptimizerOptions> optimizer = OptimizerOption("--optimizer", "The optimizer: a name such as Lion, or a JSON object such as {\"kind\": \"Adam\", \"amsGrad\": true}. Without the option: AdamW.");
Option<IOptimizerOptions> vectors = OptimizerOption(
    "--vectors", "The optimizer of all parameters that do not have two dimensions, for example AdamW beside --optimizer Muon. Without the option: that of --optimizer.");
Option<NumberFormat> weights = Formats.Option("--weights", "The format of the weights", Formats.OfNumbers, NumberFormat.Float32);
Option<NumberFormat?> gradients = Formats.Option<NumberFormat?>("--gradients", "The format of the gradients. Without the option it is that of the weights. Formats", Formats.OfGradients);
Option<UpdatePrecision> precision = Formats.Option(
    "--precision", "How 16-bit weights keep small updates: a float32 master copy, stochastic rounding, or a 16-bit compensation",
    Formats.OfPrecision, UpdatePrecision.MasterCopy);
Option<StateFormat> state = Formats.Option("--state", "The format of the optimizer state", Formats.OfState, StateFormat.Float32);
Option<int> shards = CommandLine.WholeNumber("--shards", "The number of ranks that train the model together.", minimum: 1, maximum: 65_536, standard: 1);
Option<int> stage = CommandLine.WholeNumber(
    "--stage", "What the ranks divide (the stage of ZeRO). 0: nothing. 1: optimizer state and master copies. 2: gradients as well. The weights are whole on each rank.",
    minimum: 0, maximum: 2, standard: 1);

var command = new RootCommand(
    "Plans the memory of a training run: weights, gradients, master copies, each slot of the optimizer and workspace, in total and on each rank. "
    + "The second table has the same model in other formats. A GB is 10⁹ bytes.")
{
    count, file, shapes, optimizer, vectors, weights, gradients, precision, state, shards, stage,
};
command.SetAction(result =>
{
    (string Name, ModelSource? Source)[] given =
        [.. new[] { count, file, shapes }.Select(option => (option.Name, result.GetValue(option))).Where(pair => pair.Item2 is not null)];
    if (given.Length != 1)
    {
        Console.Error.WriteLine(given.Length == 0
            ? "--parameters, --model and --shapes are missing. Give one of them, for example --parameters 7e9."
            : $"{string.Join(" and ", given.Select(pair => pair.Name))} are both given. Give one of them.");
        return CommandLine.WrongUsage;
    }

    NumberFormat values = result.GetValue(weights);
    var request = new PlanRequest
    {
        Source = given[0].Source!,
        Optimizer = result.GetValue(optimizer) ?? new AdamWOptions(),
        Vectors = result.GetValue(vectors),
        Format = new ParameterFormat
        {
            Values = values,
            Gradients = result.GetValue(gradients) ?? values,
            UpdatePrecision = result.GetValue(precision),
        },
        StateFormat = result.GetValue(state),
        Shards = result.GetValue(shards),
        Stage = (ShardingStage)result.GetValue(stage),
    };
    return Show(given[0].Name, request);
});

return CommandLine.Run(command, args);

static int Show(string name, PlanRequest request)
{
    MemoryPlan plan;
    try
    {
        plan = request.Plan();
    }
    catch (ArgumentException e)
    {
        string advice = request is { Vectors: null, Source.Shapes: not null }
            ? " The option --vectors gives parameters that are not matrices another optimizer."
            : string.Empty;
        Console.Error.WriteLine($"{name} {request.Source} cannot be planned for --optimizer {PlanTables.NameOf(request.Optimizer)}: {CommandLine.MessageOf(e)}{advice}");
        return CommandLine.WrongUsage;
    }

    IAnsiConsole console = Terminal.Open();
    console.Write(PlanTables.Of(plan));
    Console.WriteLine(PlanTables.SummaryOf(plan, request));
    console.Write(PlanTables.OfOtherFormats(request));
    return 0;
}

static Option<ModelSource> SourceOption(string name, string helpName, string description, Func<string, ModelSource> read) => new(name)
{
    HelpName = helpName,
    Description = description,
    CustomParser = result =>
    {
        string text = result.Tokens[0].Value;
        try
        {
            return read(text);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            result.AddError($"{name} {e.Message}");
            return null;
        }
    },
};

static Option<IOptimizerOptions> OptimizerOption(string name, string description) => new(name)
{
    HelpName = "NAME or JSON",
    Description = description,
    CustomParser = result =>
    {
        string text = result.Tokens[0].Value;
        try
        {
            return Formats.OptimizerOf(text);
        }
        catch (ArgumentException e)
        {
            result.AddError($"{name} {text} is invalid: {CommandLine.MessageOf(e)}");
            return null;
        }
    },
};
