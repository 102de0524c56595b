using System.CommandLine;
using DrawGuide;
using Samples;

var folder = new Argument<DirectoryInfo>("FOLDER") { Description = "The folder for the pictures. It is created if it does not exist." };
var command = new RootCommand("Draws the pictures of the guide with the library's own optimizers and schedules.") { folder };
command.SetAction(result => CommandLine.Try(() => Pictures.DrawInto(result.GetValue(folder)!)));
return CommandLine.Run(command, args);
