namespace Optimizers;

/// <summary>Makes the exception about a name that does not exist: it lists the names that are nearest to it.</summary>
internal static class UnknownName
{
    private const int MostListed = 3;

    /// <param name="what">What has names: "parameter", for example.</param>
    /// <param name="name">The name that does not exist.</param>
    /// <param name="known">The names that do.</param>
    /// <param name="where">Where they are, to follow the name; empty: not said.</param>
    /// <param name="argument">The argument that the name was given as.</param>
    public static ArgumentException Of(
        string what, string name, IEnumerable<string> known, string where = "", string argument = "name")
    {
        string[] names = [.. known];
        string[] nearest = [.. Nearest.Order(names, name).Take(MostListed).Select(Quoted.Name)];
        string list = string.Join(", ", nearest);
        string hint = names.Length == 0 ? $"There is no {what} at all."
            : names.Length == 1 ? $"There is only {list}."
            : names.Length <= MostListed ? $"There are {list}."
            : $"The nearest of the {names.Length} names are {list}.";
        return new ArgumentException($"There is no {what} {Quoted.Name(name)}{where}. {hint}", argument);
    }
}
