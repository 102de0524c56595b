using System.CommandLine;
using System.CommandLine.Parsing;
using Samples;

namespace Digits;

/// <summary>The option that names a recipe.</summary>
internal static class RecipeOption
{
    /// <summary>The names of all recipes, as a sentence has them.</summary>
    public static string Names => string.Join(", ", Recipe.All.Select(recipe => recipe.Name));

    /// <summary>Makes the option.</summary>
    /// <param name="description">What it is for.</param>
    /// <param name="standard">The default; null: there is none.</param>
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
            result.AddError($"--optimizer knows no \"{given}\"; nearest first, it knows {string.Join(", ", nearestFirst)}.");
        }

        return named;
    }
}
