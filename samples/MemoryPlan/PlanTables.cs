using System.Globalization;
using Optimizers;
using Spectre.Console;

namespace PlanMemory;

/// <summary>The tables on the console.</summary>
internal static class PlanTables
{
    private static readonly (ParameterFormat Format, string SmallUpdates)[] _formats =
    [
        (new(), "float32 weights"),
        (Mixed(UpdatePrecision.MasterCopy), "float32 master copy"),
        (Mixed(UpdatePrecision.Compensation), "16-bit compensation"),
        (Mixed(UpdatePrecision.StochasticRounding), "stochastic rounding"),
    ];

    /// <summary>Makes the table of a plan: one row for each part, and the total.</summary>
    public static Table Of(MemoryPlan plan)
    {
        bool isSharded = plan.Shards > 1;
        string[] ofRanks = isSharded ? ["per rank", "all ranks"] : [];
        Table table = Columns(["memory", "format", "bytes/parameter", "size", .. ofRanks], left: 2);
        void Row(string name, string format, long bytes, long perRank) => table.AddRow(
        [
            Markup.Escape(name),
            format,
            ((double)bytes / plan.ElementCount).ToString("0.##", CultureInfo.InvariantCulture),
            Size(bytes),
            .. isSharded ? new[] { Size(perRank), Size(perRank * plan.Shards) } : [],
        ]);
        foreach (MemoryPart part in plan.Parts)
        {
            Row(part.Name, part.Format, part.Bytes, part.BytesPerRank);
        }

        Row("total", string.Empty, plan.TotalBytes, plan.BytesPerRank);
        return table;
    }

    /// <summary>Makes the table of the same model and optimizers in other formats.</summary>
    public static Table OfOtherFormats(PlanRequest request)
    {
        bool isSharded = request.Shards > 1;
        string[] ofRanks = isSharded ? ["per rank"] : [];
        Table table = Columns(["weights, gradients", "small updates kept by", "state", "total", .. ofRanks], left: 3)
            .Title("the same model in other formats");
        foreach ((ParameterFormat format, string smallUpdates) in _formats)
        {
            foreach (StateFormat state in new[] { StateFormat.Float32, StateFormat.BFloat16, StateFormat.Block8 })
            {
                MemoryPlan plan = (request with { Format = format, StateFormat = state }).Plan();
                table.AddRow([format.Values.ToString(), smallUpdates, state.ToString(), Size(plan.TotalBytes), .. isSharded ? new[] { Size(plan.BytesPerRank) } : []]);
            }
        }

        return table;
    }

    /// <summary>The lines below the table of a plan.</summary>
    public static string SummaryOf(MemoryPlan plan, PlanRequest request)
    {
        string vectors = request.Vectors is { } other ? $" and {NameOf(other)}" : string.Empty;
        string[] lines =
        [
            string.Create(CultureInfo.InvariantCulture, $"{plan.ElementCount:N0} parameters, {NameOf(request.Optimizer)}{vectors}."),
            .. plan.Assumption is { } assumption ? [assumption] : Array.Empty<string>(),
            .. request.Source.LeftOut > 0 ? [$"Tensors of the file that are not parameters: {request.Source.LeftOut}."] : Array.Empty<string>(),
        ];
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>The name of an optimizer.</summary>
    public static string NameOf(IOptimizerOptions options) => options.GetType().Name.Replace("Options", string.Empty, StringComparison.Ordinal);

    /// <summary>A number of bytes, such as "28.00 GB". A GB is 10⁹ bytes.</summary>
    public static string Size(long bytes)
    {
        (double unit, string name) = bytes switch
        {
            < 1_000 => (1, "B"),
            < 999_995 => (1e3, "kB"),
            < 999_995_000 => (1e6, "MB"),
            < 999_995_000_000 => (1e9, "GB"),
            < 999_995_000_000_000 => (1e12, "TB"),
            _ => (1e15, "PB"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(bytes / unit).ToString(unit == 1 ? "F0" : "F2", CultureInfo.InvariantCulture)} {name}");
    }

    private static ParameterFormat Mixed(UpdatePrecision precision) =>
        new() { Values = NumberFormat.BFloat16, Gradients = NumberFormat.BFloat16, UpdatePrecision = precision };

    private static Table Columns(string[] names, int left)
    {
        Table table = new Table().RoundedBorder();
        for (int i = 0; i < names.Length; i++)
        {
            bool isText = i < left;
            table.AddColumn(names[i], column => _ = isText ? column.LeftAligned() : column.RightAligned());
        }

        return table;
    }
}
