namespace Optimizers;

/// <summary>Makes the exception for a name that does not exist. Its message lists the most similar names.</summary>
internal static class UnknownName
{
    private const int MostListed = 3;

    /// <param name="what">The kind of object that has the name, such as "parameter".</param>
    /// <param name="name">The name that does not exist.</param>
    /// <param name="known">The names that exist.</param>
    /// <param name="where">A text that says where; the message contains it directly after the name. May be empty.</param>
    /// <param name="argument">The argument that contained the name.</param>
    public static ArgumentException Of(
        string what, string name, IEnumerable<string> known, string where = "", string argument = "name")
    {
        string[] names = [.. known];
        string[] nearest = [.. Nearest.Order(names, name).Take(MostListed).Select(Quoted.Name)];
        string list = string.Join(", ", nearest);
        string hint = names.Length == 0 ? $"There are no {what}s."
            : names.Length == 1 ? $"There is only {list}."
            : names.Length <= MostListed ? $"There are {list}."
            : $"The most similar of the {names.Length} names are {list}.";
        return new ArgumentException($"There is no {what} {Quoted.Name(name)}{where}. {hint}", argument);
    }
}
