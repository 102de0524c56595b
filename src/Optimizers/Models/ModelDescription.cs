namespace Optimizers;

/// <summary>The text table that describes a model.</summary>
internal static class ModelDescription
{
    /// <summary>One row for each parameter, and the totals below.</summary>
    public static string Of(ModelOptimizer model, ModelPlan plan)
    {
        (string Title, bool IsNumber)[] columns =
        [
            ("parameter", false), ("shape", false), ("elements", true), ("group", false), ("optimizer", false), ("rate", true),
            ("decay", true), ("updates", true), ("state bytes", true), ("format", false), ("notes", false),
        ];
        var rows = new List<string[]>();
        int frozen = 0;
        int withoutGradient = 0;
        foreach (((Parameter parameter, ParameterGroup group, OptimizerState state), ModelGroup run) in plan.Members.Zip(plan.Runs))
        {
            frozen += group.Frozen ? 1 : 0;
            withoutGradient += parameter.HasGradient ? 0 : 1;
            string[] notes =
            [
                .. parameter.IsTable ? ["table"] : Array.Empty<string>(),
                .. NotesOf(parameter.Format),
                .. group.Frozen ? ["frozen"] : Array.Empty<string>(),
                .. parameter.HasGradient ? Array.Empty<string>() : ["without gradient"],
            ];
            rows.Add(
            [
                parameter.Name,
                parameter.Shape.ToString()!,
                TextTable.Number(parameter.Length),
                group.Name is null ? run.Number : $"{run.Number} {Quoted.Name(group.Name)}",
                TextTable.OptimizerOf(group.Options),
                TextTable.Number(model.LearningRateOf(group)),
                TextTable.Number(model.WeightDecayOf(group)),
                TextTable.Number(state.Iteration),
                TextTable.Number(state.Bytes),
                state.SlotNames.Count == 0 ? "none" : state.Format.ToString(),
                string.Join(", ", notes),
            ]);
        }

        return TextTable.Format(columns, rows)
            + $"{model}; {TextTable.Number(frozen)} frozen, {TextTable.Number(withoutGradient)} without gradient.\n";
    }

    private static IEnumerable<string> NotesOf(ParameterFormat format)
    {
        if (format.Values != NumberFormat.Float32)
        {
            yield return $"values in {format.Values} with {format.UpdatePrecision switch
            {
                UpdatePrecision.MasterCopy => "a master copy",
                UpdatePrecision.Compensation => "compensation",
                _ => "stochastic rounding",
            }}";
        }

        if (format.Gradients != NumberFormat.Float32)
        {
            yield return $"gradients in {format.Gradients}";
        }
    }
}
