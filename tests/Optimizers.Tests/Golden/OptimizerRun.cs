using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of an optimizer twice: with one optimizer for each tensor, and with one optimizer for the whole model. After each
/// step both must have the same bits. The result is compared with the recording. An optimizer with sums over a group runs as a
/// model only.
/// </summary>
internal sealed class OptimizerRun : IDisposable
{
    private readonly GoldenCase _golden;
    private readonly GoldenProblem _problem;
    private readonly GoldenTensor[] _given;
    private readonly double[]? _rates;
    private readonly OptimizerRow _row;

    private readonly Dictionary<string, float[]> _values;
    private readonly Dictionary<string, IOptimizer> _optimizers;

    private readonly ParameterSet _parameters = new();
    private readonly ModelOptimizer _model;

    private OptimizerRun(GoldenCase golden)
    {
        _golden = golden;
        _problem = GoldenData.Problem(golden.ProblemName!);
        _given = [.. _problem.Tensors.Where(tensor => golden.GivenTensors?.Contains(tensor.Name) ?? true)];
        _rates = golden.LearningRates;

        _row = Catalogue.Optimizers.Single(candidate => candidate.Type.Name == golden.Subject);
        IOptimizerOptions options = OptionBinder.Record<IOptimizerOptions>(_row.Defaults.GetType(), golden.Options);

        _values = _problem.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Initial.ToArray());
        _optimizers = _given.ToDictionary(
            tensor => tensor.Name, tensor => _row.MakeShaped(tensor.Shape, options, 0));

        if (!_problem.IsSparse)
        {
            _parameters.AddRange([.. _given.Select(tensor => (tensor.Name, tensor.Shape))]);
        }

        foreach (GoldenTensor tensor in _given)
        {
            if (_problem.IsSparse)
            {
                _parameters.AddTable(tensor.Name, tensor.Shape[0], tensor.Shape[1]);
            }

            tensor.Initial.CopyTo(_parameters[tensor.Name].Values);
        }

        _model = new ModelOptimizer(_parameters, options, new ModelOptimizerOptions { Schedule = Schedule() });
    }

    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        using var run = new OptimizerRun(golden);
        var comparisons = new List<Comparison>();
        int step = 0;
        foreach ((int recorded, JsonElement tensors) in golden.Expected)
        {
            while (step < recorded)
            {
                run.Step(++step);
            }

            Compare(tensors, "", run.Position);
            CompareField("averages", name => run._optimizers[name].State["ax"]);
            CompareField("expectedEvaluation", name => run.EvaluationPoint(name));
        }

        return comparisons;

        void CompareField(string field, Func<string, ReadOnlySpan<float>> actual)
        {
            if (golden.Find(field) is { } snapshots)
            {
                Compare(snapshots.GetProperty(step.ToString(CultureInfo.InvariantCulture)), $"{field} of ", actual);
            }
        }

        void Compare(JsonElement tensors, string what, Func<string, ReadOnlySpan<float>> actual)
        {
            foreach (JsonProperty tensor in tensors.EnumerateObject().Where(tensor => tensor.Value.ValueKind != JsonValueKind.Null))
            {
                comparisons.Add(Comparison.OfTensor(golden, step, what + tensor.Name, tensor.Value, actual(tensor.Name)));
            }
        }
    }

    public void Dispose() => _parameters.Dispose();

    // The model contains only the tensors that the optimizer gets.
    private ReadOnlySpan<float> Position(string tensor) => _row.SumsOverGroup && _given.Any(given => given.Name == tensor)
        ? _parameters[tensor].Values
        : _values[tensor];

    // Evaluates a clone, so that the run continues with the same bits.
    private float[] EvaluationPoint(string tensor)
    {
        float[] values = [.. _values[tensor]];
        ((ScheduleFreeOptimizer)_optimizers[tensor].Clone()).Evaluate(values);
        return values;
    }

    private void UpdateHessians(int step)
    {
        if (_golden.Find("hessians") is not { } hessians || hessians[step - 1].ValueKind == JsonValueKind.Null)
        {
            return;
        }

        foreach (JsonProperty tensor in hessians[step - 1].EnumerateObject())
        {
            float[] estimate = Array.ConvertAll(GoldenCase.Numbers(tensor.Value), number => (float)number);
            ((Sophia)_optimizers[tensor.Name]).UpdateHessian(estimate);
            _model.UpdateHessian(tensor.Name, estimate);
        }
    }

    // The index of a schedule is the number of updates so far. A step in which no tensor has a gradient is not an update, so its rate
    // is left out.
    private FunctionSchedule? Schedule()
    {
        int steps = _golden.Expected.Count > 0 ? _golden.Expected[^1].Step : 0;
        double[]? used = _rates?
            .Take(steps)
            .Where((_, index) => _given.Any(tensor => _problem.HasGradient(index + 1, tensor.Name)))
            .ToArray();
        return used is null ? null : new FunctionSchedule(update => used[update]);
    }

    private void Step(int step)
    {
        UpdateHessians(step);
        foreach (GoldenTensor tensor in _given)
        {
            float[] values = _values[tensor.Name];
            IOptimizer optimizer = _optimizers[tensor.Name];
            Parameter parameter = _parameters[tensor.Name];
            if (_problem.IsSparse)
            {
                StepRows(step, tensor, parameter);
                continue;
            }

            float[]? gradient = _problem.Gradient(step, tensor.Name, Position(tensor.Name).ToArray(), _golden.GradientScale);
            parameter.HasGradient = gradient is not null;
            if (gradient is not null)
            {
                gradient.CopyTo(parameter.Gradients);
                if (_row.SumsOverGroup)
                {
                    continue;
                }

                optimizer.Step(values, gradient, _rates?[step - 1] ?? optimizer.LearningRate);
            }
        }

        _model.Step();
        foreach (GoldenTensor tensor in _row.SumsOverGroup ? [] : _given)
        {
            OptimizerState state = _optimizers[tensor.Name].State;
            CheckSameBits(step, tensor.Name, _values[tensor.Name], _parameters[tensor.Name].Values);
            OptimizerState inModel = _model.StateOf(tensor.Name);
            if (!state.Save().Scalars.SequenceEqual(inModel.Save().Scalars))
            {
                throw new InvalidOperationException(
                    $"step {step}, {tensor.Name}: the optimizer of one tensor and the model have different state scalars.");
            }

            foreach (string slot in state.SlotNames)
            {
                CheckSameBits(step, $"{slot} of {tensor.Name}", state[slot], inModel[slot]);
            }
        }
    }

    private void StepRows(int step, GoldenTensor tensor, Parameter parameter)
    {
        GoldenRows? rows = _problem.Rows(step, tensor.Name, _golden.GradientScale);
        parameter.HasGradient = rows is not null;
        if (rows is not null)
        {
            IOptimizer optimizer = _optimizers[tensor.Name];
            optimizer.Step(
                _values[tensor.Name],
                new RowGradients(rows.Rows, rows.Values, tensor.Shape[1]),
                _rates?[step - 1] ?? optimizer.LearningRate);
            parameter.SetRowGradients(rows.Rows, rows.Values);
        }
    }

    private void CheckSameBits(int step, string place, ReadOnlySpan<float> alone, ReadOnlySpan<float> inModel)
    {
        int i = MemoryMarshal.Cast<float, int>(alone).CommonPrefixLength(MemoryMarshal.Cast<float, int>(inModel));
        if (i < alone.Length)
        {
            throw new InvalidOperationException(
                $"step {step}, {place}[{i}] is {alone[i]:R} with an optimizer of one tensor, but {inModel[i]:R} in the model.");
        }
    }
}
