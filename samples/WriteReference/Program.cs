using System.CommandLine;
using Samples;
using WriteReference;

var folder = new Argument<DirectoryInfo>("FOLDER")
{
    Description = "The folder of the reference, docs/reference. It is created if it does not exist. optimizers.md is written to the folder above it.",
};
var command = new RootCommand("Writes the API reference and the tables of options as Markdown, from the XML documentation of the packages.") { folder };
command.SetAction(result => CommandLine.Try(() =>
{
    DirectoryInfo target = result.GetValue(folder)!;
    int count = Reference.OfLibrary().WriteInto(target);
    Console.WriteLine($"{count} pages are in {target}.");
}));

return CommandLine.Run(command, args);
