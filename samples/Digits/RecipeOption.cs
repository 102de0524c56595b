using System.CommandLine;
using System.CommandLine.Parsing;
using Samples;

namespace Digits;

/// <summary>The command-line option that names a recipe.</summary>
internal static class RecipeOption
{
    /// <summary>The names of all recipes, separated by commas.</summary>
    public static string Names => string.Join(", ", Recipe.All.Select(recipe => recipe.Name));

    /// <summary>Creates the option.</summary>
    /// <param name="description">The description in the help.</param>
    /// <param name="standard">The default. Null: no default.</param>
    public static Option<Recipe> Make(string description, Recipe? standard = null)
    {
        var option = new Option<Recipe>("--optimizer") { HelpName = "NAME", Description = description, CustomParser = Parse };
        if (standard is not null)
        {
            option.DefaultValueFactory = _ => standard;
        }

        return option;
    }

    private static Recipe? Parse(ArgumentResult result)
    {
        string given = result.Tokens[0].Value;
        Recipe? named = Recipe.All.FirstOrDefault(recipe => recipe.Name.Equals(given, StringComparison.OrdinalIgnoreCase));
        if (named is null)
        {
            IEnumerable<string> nearestFirst = Recipe.All.Select(recipe => recipe.Name).OrderBy(name => Spelling.Distance(given, name));
            result.AddError($"There is no optimizer \"{given}\" for --optimizer. The existing names, most similar first: {string.Join(", ", nearestFirst)}.");
        }

        return named;
    }
}
