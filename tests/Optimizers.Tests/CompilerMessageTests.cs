namespace Optimizers.Tests;

/// <summary>The compiler error for a step with arguments of the wrong type names the argument, its type and the required type.</summary>
public sealed class CompilerMessageTests
{
    private static readonly string[] _receivers = ["AdamW", "Muon", "ScheduleFreeSgd", "Optimizer", "IOptimizer"];

    // A type name, as in the compiler's messages.
    private static readonly Dictionary<string, string> _wrong = new()
    {
        ["double[]"] = "double[]",
        ["int[]"] = "int[]",
        ["Half[]"] = "System.Half[]",
        ["float[,]"] = "float[*,*]",
        ["float[][]"] = "float[][]",
        ["List<float>"] = "System.Collections.Generic.List<float>",
        ["IReadOnlyList<float>"] = "System.Collections.Generic.IReadOnlyList<float>",
        ["Memory<float>"] = "System.Memory<float>",
        ["ReadOnlyMemory<float>"] = "System.ReadOnlyMemory<float>",
        ["double"] = "double",
    };

    [Fact]
    public void CompilerErrorNamesTheTypeThatCannotBeConverted()
    {
        var calls = new List<(string Call, string[] Errors)>();
        foreach (string receiver in _receivers)
        {
            foreach ((string type, string spelled) in _wrong)
            {
                string parameters = $"CS1503: Argument 1: cannot convert from '{spelled}' to 'System.Span<float>'";
                string gradients = $"CS1503: Argument 2: cannot convert from '{spelled}' to 'System.ReadOnlySpan<float>'";
                foreach (string rate in new[] { string.Empty, ", 0.1" })
                {
                    calls.Add(Call(receiver, type, $"x, g{rate}", parameters));
                    calls.Add(Call(receiver, type, $"p, x{rate}", gradients));
                    calls.Add(Call(receiver, type, $"x, x{rate}", parameters, gradients));
                }
            }

            // The arguments in another order.
            string[] swapped =
            [
                "CS1503: Argument 1: cannot convert from 'double' to 'System.Span<float>'",
                "CS1503: Argument 3: cannot convert from 'float[]' to 'double'",
            ];
            calls.Add(Call(receiver, "double", "x, p, g", swapped));
            calls.Add(Call(
                receiver,
                "ReadOnlySpan<float>",
                "x, p, 0.1",
                "CS1503: Argument 1: cannot convert from 'System.ReadOnlySpan<float>' to 'System.Span<float>'"));
        }

        ILookup<int, string> errors = PageProgram.ErrorsOf(
            $"using Optimizers;\nreturn;\nstatic class Calls {{\n{string.Join('\n', calls.Select((call, i) => $"static void Call{i}{call.Call}"))}\n}}");
        for (int i = 0; i < calls.Count; i++)
        {
            errors[3 + i].Should().BeEquivalentTo(calls[i].Errors, calls[i].Call);
        }

        errors.Should().HaveCount(calls.Count);
    }

    private static (string Call, string[] Errors) Call(string receiver, string type, string arguments, params string[] errors) =>
        ($"({receiver} o, float[] p, float[] g, {type} x) => o.Step({arguments});", errors);
}
