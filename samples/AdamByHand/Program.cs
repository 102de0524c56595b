using System.CommandLine;
using System.Globalization;
using AdamByHand;
using Optimizers;
using Samples;
using Spectre.Console;

var command = new RootCommand(
    "Computes the steps of Adam by hand, and compares them with the library. Then trains a network of a few parameters with Momentum and "
    + "with Adam.");
command.SetAction(_ =>
{
    IAnsiConsole console = Terminal.Open();
    ShowSteps(console);
    ShowEnds(console);
    ShowCorrections(console);
    ShowDiagonalFlip(console);
});

return CommandLine.Run(command, args);

static void ShowSteps(IAnsiConsole console)
{
    Heading(console, "Adam on f(w) = w², starting at w = 5, rate 0.01");
    var adam = new Adam(1, new AdamOptions { LearningRate = Descent.LearningRate });
    var library = new List<(float M, float V, float W)>();
    Descent.Run(adam, w => library.Add((adam.State["exp_avg"][0], adam.State["exp_avg_sq"][0], w)));

    Table table = NewTable("t", "g", "m", "v", "m̂", "v̂", "w", "w, library");
    double furthest = 0;
    foreach ((HandStep hand, (float m, float v, float w)) in HandStep.All().Zip(library))
    {
        Row(table, hand.T, hand.G, hand.M, hand.V, hand.MHat, hand.VHat, Invariant($"{hand.W:F6}"), Invariant($"{w:F6}"));
        furthest = new[] { furthest, Apart(hand.M, m), Apart(hand.V, v), Apart(hand.W, w) }.Max();
    }

    console.Write(table);
    console.WriteLine(Invariant($"The steps by hand use double, the library uses float. The relative difference of m, v and w is at most {furthest:0.0e-0}."));
}

static void ShowEnds(IAnsiConsole console)
{
    Heading(console, $"After {Descent.Steps} steps");
    (string Name, IOptimizer Optimizer)[] rivals =
    [
        ("Sgd", new Sgd(1, new SgdOptions { LearningRate = Descent.LearningRate })),
        ("Momentum", new Momentum(1, new MomentumOptions { LearningRate = Descent.LearningRate, Momentum = 0.9 })),
        ("Adam", new Adam(1, new AdamOptions { LearningRate = Descent.LearningRate })),
    ];
    Table table = NewTable("optimizer", "w");
    foreach ((string name, IOptimizer optimizer) in rivals)
    {
        Row(table, name, Descent.Run(optimizer));
    }

    console.Write(table);
    console.WriteLine("A step of Adam is about as long as the rate, for steep and for flat slopes, because m̂/√v̂ ≈ 1.");
}

static void ShowCorrections(IAnsiConsole console)
{
    Heading(console, "Bias correction");
    Table table = NewTable("t", "1 − β₁ᵗ", "1 − β₂ᵗ");
    foreach (int t in (int[])[1, 5, 10, 50, 100, 1000])
    {
        Row(table, t, Percent(HandStep.Correction(HandStep.Beta1, t)), Percent(HandStep.Correction(HandStep.Beta2, t)));
    }

    console.Write(table);
    console.WriteLine("m and v start at 0. After t steps the gradients have only this share of the weight, so m̂ and v̂ divide by it.");
}

static void ShowDiagonalFlip(IAnsiConsole console)
{
    const int ShownEvery = 300;
    DiagonalFlip flip = DataFile.Read<DiagonalFlip>("diagonal-flip.json");
    Heading(console, $"{flip.ParameterCount} parameters learn to mirror 2×2 images about the diagonal");
    double[] momentum = flip.Train(new MomentumOptions { LearningRate = 0.05 });
    double[] adam = flip.Train(new AdamOptions { LearningRate = 0.001 });
    Table table = NewTable("updates", "loss with Momentum", "loss with Adam");
    for (int step = 0; step < flip.Steps; step += ShownEvery)
    {
        Row(table, step, momentum[step], adam[step]);
    }

    Row(table, flip.LastStep, momentum[^1], adam[^1]);
    console.Write(table);
    console.WriteLine("Both losses end at 1/16. Three hidden units cannot hold four pixels, so a quarter of the pixels' variance of 1/4 is lost.");
}

static void Heading(IAnsiConsole console, string text)
{
    console.WriteLine();
    console.MarkupLineInterpolated($"[bold]{text}[/]");
}

static Table NewTable(params string[] columns)
{
    Table table = new Table().RoundedBorder();
    foreach (string column in columns)
    {
        table.AddColumn(column, cell => cell.RightAligned().NoWrap());
    }

    return table;
}

static void Row(Table table, params object[] cells) =>
    table.AddRow([.. cells.Select(cell => cell is double or float ? Invariant($"{cell:F4}") : Invariant($"{cell}"))]);

static string Percent(double share) => Invariant($"{100 * share:F3} %");

static double Apart(double expected, double actual) => Math.Abs(actual - expected) / Math.Abs(expected);

static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
