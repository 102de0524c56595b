namespace Optimizers;

/// <summary>Throws for groups that would have no effect, or an effect on another model.</summary>
internal static class GroupCheck
{
    private const int MostNames = 5;

    /// <summary>Checks that no group is listed twice, follows a group that takes all parameters, or belongs to another
    /// model.</summary>
    public static void RequireOwn(ModelGroup[] groups, ParameterSet parameters)
    {
        int all = Array.FindIndex(groups, run => run.Group.Where is null);
        for (int i = 0; i < groups.Length; i++)
        {
            int first = Array.FindIndex(groups, run => run.Group == groups[i].Group);
            if (first < i)
            {
                throw new ArgumentException(
                    $"The groups {first} and {i} are the same instance. A parameter belongs to the first group that matches it, so the second has no effect. Remove it, or create another {nameof(ParameterGroup)}.",
                    nameof(groups));
            }

            if (all >= 0 && all < i)
            {
                throw new ArgumentException(
                    $"No parameter can be in {groups[i].Title}, because {groups[all].Title} comes before it, has no {nameof(ParameterGroup.Where)} and takes all parameters. Put the group without {nameof(ParameterGroup.Where)} last.",
                    nameof(groups));
            }

            if (groups[i].Group.Model is { } model && model != parameters)
            {
                throw new ArgumentException(
                    $"The instance in {groups[i].Title} belongs to the optimizer of another {nameof(ParameterSet)}: its {nameof(ParameterGroup.RateFactor)}, {nameof(ParameterGroup.WeightDecay)}, {nameof(ParameterGroup.Momentum)} and {nameof(ParameterGroup.Frozen)} would act on both models. Create a {nameof(ParameterGroup)} for each model, or dispose the other set first.",
                    nameof(groups));
            }
        }
    }

    /// <summary>The group of a parameter.</summary>
    /// <exception cref="ArgumentException">The parameter matches no group.</exception>
    public static ModelGroup GroupOf(Parameter parameter, ModelGroup[] groups, string argument) =>
        Array.Find(groups, candidate => candidate.Has(parameter))
            ?? throw new ArgumentException(
                $"The parameter {Quoted.Name(parameter.Name)} matches no group. Its shape is {parameter.Shape}. Add a group without "
                + $"{nameof(ParameterGroup.Where)} at the end; it takes the parameters that match no other group.",
                argument);

    /// <summary>Checks that every group has a parameter, takes the rest of the parameters, or may be empty.</summary>
    public static void RequireParameters(ModelGroup[] groups, IReadOnlyList<(Parameter Parameter, ModelGroup Run)> members)
    {
        foreach (ModelGroup run in groups)
        {
            if (run.Group is { MayBeEmpty: false, Where: not null } && !members.Any(member => member.Run == run))
            {
                (Parameter Parameter, ModelGroup Run)[] taken = [.. members.Where(member => run.Has(member.Parameter))];
                string reason = taken.Length == 0
                    ? $"matches none of the {members.Count} parameters, which are {Names(members)}. Correct it"
                    : $"matches {Names(taken)}, but a parameter belongs to the first group that matches it: \"{taken[0].Parameter.Name}\" to {taken[0].Run.Title}. Put the group before the others";
                throw new ArgumentException(
                    $"There is no parameter in {run.Title}: its {nameof(ParameterGroup.Where)} {reason}, or set {nameof(ParameterGroup.MayBeEmpty)} if the group may be empty.",
                    nameof(groups));
            }
        }
    }

    private static string Names(IReadOnlyCollection<(Parameter Parameter, ModelGroup Run)> members) =>
        string.Join(", ", members.Take(MostNames).Select(member => $"\"{member.Parameter.Name}\""))
            + (members.Count > MostNames ? ", …" : "");
}
