using System.CommandLine;
using System.CommandLine.Invocation;
using Optimizers.Benchmarks;

const int WrongUsage = 2;

ParseResult parsed = new RootCommand("Measures the speed of the optimizers.")
{
    CompareCommand.Make(), EngineCommand.Make(), KernelsCommand.Make(),
}.Parse(args);
if (parsed.Action is ParseErrorAction)
{
    Console.Error.WriteLine(parsed.Errors[0].Message);
    return WrongUsage;
}

return parsed.Invoke();
