using System.CommandLine;
using System.CommandLine.Parsing;

namespace Digits;

/// <summary>The option that names a recipe.</summary>
internal static class RecipeOption
{
    /// <summary>The names of all recipes, as a sentence has them.</summary>
    public static string Names => string.Join(", ", Recipe.All.Select(recipe => recipe.Name));

    /// <summary>Makes the option; it is null when it is not given.</summary>
    public static Option<Recipe> Make(string description) => new("--optimizer")
    {
        HelpName = "NAME",
        Description = description,
        CustomParser = Parse,
    };

    private static Recipe? Parse(ArgumentResult result)
    {
        string given = result.Tokens[0].Value;
        Recipe? named = Recipe.All.FirstOrDefault(recipe => recipe.Name.Equals(given, StringComparison.OrdinalIgnoreCase));
        if (named is null)
        {
            IEnumerable<string> nearestFirst = Recipe.All.Select(recipe => recipe.Name).OrderBy(name => Spelling.Distance(given, name));
            result.AddError($"--optimizer knows no \"{given}\"; nearest first, it knows {string.Join(", ", nearestFirst)}.");
        }

        return named;
    }
}
