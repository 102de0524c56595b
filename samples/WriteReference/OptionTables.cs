using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Optimizers;
using Optimizers.Training;

namespace WriteReference;

/// <summary>The page with the options of optimizers, schedules and clips: defaults, ranges and sources.</summary>
internal sealed partial class OptionTables
{
    private readonly IReadOnlyList<Type> _types;
    private readonly Documentation _documentation;
    private readonly Links _links;
    private readonly Prose _prose;

    private OptionTables(IReadOnlyList<Type> types, Documentation documentation, Links links)
    {
        _types = types;
        _documentation = documentation;
        _links = links;
        _prose = new Prose(links, page: null);
    }

    /// <summary>The page.</summary>
    /// <param name="types">The public types.</param>
    /// <param name="documentation">The XML documentation of the library.</param>
    /// <param name="links">Links from this page to the reference.</param>
    public static string Page(IReadOnlyList<Type> types, Documentation documentation, Links links) =>
        new OptionTables(types, documentation, links).Page();

    private string Page()
    {
        Type[] optimizers = [.. _types.Where(type => OptionsOf(type) is not null && IsOptimizer(type))];
        Type[] others = [.. _types.Where(type => OptionsOf(type) is not null).Except(optimizers)];
        Type[] schedules = [.. _types.Where(type => type.IsClass && type.IsAssignableTo(typeof(ILrSchedule)) && type.GetConstructors().Length > 0)];
        Type[] clips = [.. _types.Where(type => type.IsAssignableTo(typeof(IGradientClip)) && Defaults.Of(type) is not null)];
        return Reference.Page(
        [
            "# Options of optimizers, schedules and clips",
            "Each option is a property of the optimizer's options record and has a default. The tables give the default, the accepted range "
                + "and the source of the default. A source such as \"Kingma & Ba 2015\" is the paper above the table. An option outside its "
                + "range throws an exception that names the option. [schedules.md](schedules.md) shows the curves of the schedules. "
                + "[names.md](names.md) gives the names of optimizers, schedules and options in PyTorch, optax and Keras.",
            $"**Optimizers**: {Contents(optimizers)}",
            $"**Schedules**: {Contents(schedules)}",
            $"**Clips**: {Contents(clips)}",
            $"**Training and diagnostics**: {Contents(others)}",
            "## Optimizers",
            .. optimizers.SelectMany(Optimizer),
            "## Schedules",
            "The arguments of the constructor. An argument without a default must be given.",
            .. schedules.SelectMany(Schedule),
            "## Clips",
            .. clips.SelectMany(type => Section(type, Options(type, type))),
            "## Training and diagnostics",
            .. others.SelectMany(Optimizer),
        ]);
    }

    private static string Contents(IEnumerable<Type> types) => string.Join(", ", types.Select(type =>
        $"[{TypeNames.Of(type)}](#{string.Concat(TypeNames.Of(type).Select(char.ToLowerInvariant))})"));

    // Lbfgs takes steps too, but is not an IOptimizer.
    private static bool IsOptimizer(Type type) => type.Namespace == typeof(IOptimizer).Namespace && !type.IsAssignableTo(typeof(IModelOptimizer))
        && type.GetMethods().Any(method => method.Name == nameof(IOptimizer.Step));

    // The options of AdamW are AdamWOptions.
    private Type? OptionsOf(Type type) => type.IsClass
        ? _types.FirstOrDefault(other => other.FullName == $"{type.FullName}Options" && Defaults.Of(other) is not null)
        : null;

    private IEnumerable<string> Section(Type type, params string[] blocks)
    {
        yield return $"### {TypeNames.Of(type)}";
        yield return $"{_links.To(type, page: null)}: {_prose.FirstSentence(_documentation.Of(type, "summary"))}";
        if (Publication().IsMatch(Origin(type)))
        {
            yield return $"Paper: {Origin(type).TrimEnd('.', ':')}.";
        }

        foreach (string block in blocks)
        {
            yield return block;
        }
    }

    private IEnumerable<string> Optimizer(Type optimizer)
    {
        Type options = OptionsOf(optimizer)!;
        string record = $"Options: {_links.To(options, page: null)}.";
        return Section(optimizer, Defaults.Of(options) is IOptimizerOptions instance ? $"{record} {DecayOf(instance.DecayForm)}" : record, Options(optimizer, options));
    }

    private static string DecayOf(DecayForm form) => form switch
    {
        DecayForm.Coupled => "Weight decay is coupled: it is added to the gradient.",
        DecayForm.Decoupled => "Weight decay is decoupled: it acts on the parameter directly.",
        _ => "The update rule applies the weight decay itself.",
    };

    // The remarks of a type begin with its paper, if it has one.
    private string Origin(Type type) => _prose.FirstSentence(_documentation.Of(type, "remarks")?.Elements("para").FirstOrDefault());

    // "as in the paper" becomes "as in Kingma & Ba 2015", if the remarks of the type begin with that paper.
    private string Cited(string source, Type owner) =>
        Publication().Match(Origin(owner)) is { Success: true } paper ? ThePaper().Replace(source, _ => paper.Value) : source;

    private string Options(Type owner, Type type)
    {
        object instance = Defaults.Of(type)!;
        return Markdown.Table(
            ["Option", "Default", "Range", "Source of the default", "Meaning"],
            Defaults.Properties(type).Select(property =>
            {
                OptionText text = OptionText.Of(_prose, _documentation.Of(property, "summary"), _documentation.Own(property, "remarks"));
                string literal = Declarations.Literal(property.GetValue(instance), property.PropertyType) ?? "";
                return new[]
                {
                    $"`{property.Name}`", literal.Length == 0 ? "" : $"`{literal}`",
                    Prose.AsCell(RangeOf(text.Range, property.PropertyType)), Prose.AsCell(Cited(text.Source, owner)), Prose.AsCell(text.Meaning),
                };
            }));
    }

    private IEnumerable<string> Schedule(Type schedule)
    {
        ConstructorInfo constructor = schedule.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
        return Section(schedule, Markdown.Table(
            ["Argument", "Type", "Default", "Range", "Source of the default", "Meaning"],
            constructor.GetParameters().Select(parameter =>
            {
                XElement? described = _documentation.Of(constructor).Elements("param")
                    .FirstOrDefault(element => element.Attribute("name")!.Value == parameter.Name);
                OptionText text = OptionText.Of(_prose, described, null);
                return new[]
                {
                    $"`{parameter.Name}`",
                    $"`{TypeNames.Of(parameter)}`",
                    parameter.HasDefaultValue ? $"`{Declarations.Literal(parameter.RawDefaultValue, parameter.ParameterType)}`" : "required",
                    Prose.AsCell(RangeOf(text.Range, parameter.ParameterType)), Prose.AsCell(Cited(text.Source, schedule)), Prose.AsCell(text.Meaning),
                };
            })));
    }

    private string RangeOf(string range, Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(bool) ? "true or false"
            : range.Length > 0 ? range
            : plain.IsEnum ? $"a {_links.To(plain, page: null)}"
            : "";
    }

    // Authors and year, at the start of a paragraph: "Kingma & Ba 2015" or "You et al. 2020".
    [GeneratedRegex(@"^\p{Lu}(?:[^.;:()]|(?<=\bal)\.)*?\b(?:19|20)\d\d\b")]
    private static partial Regex Publication();

    [GeneratedRegex(@"\bthe (?:paper|lecture)\b")]
    private static partial Regex ThePaper();
}
