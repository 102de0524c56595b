namespace Optimizers.Tests;

/// <summary>
/// A small autograd engine with the habits of PyTorch's. A backward pass allocates a new array for a gradient, or adds to an
/// existing one; some parameters have no gradient in some passes. It checks how the library calls it.
/// </summary>
internal sealed class FakeAutograd : IGradientSource
{
    private readonly ParameterSet _set;
    private readonly Dictionary<Parameter, float[]> _gradients = [];
    private readonly Dictionary<Parameter, float[]> _values = [];
    private bool _isTaken;

    public FakeAutograd(ParameterSet set)
    {
        _set = set;
        set.GradientSource = this;
    }

    /// <summary>Whether the gradients were used, for each time that they were released.</summary>
    public List<bool> Released { get; } = [];

    /// <summary>Whether the last release announced changed values.</summary>
    public bool ValuesChanged { get; private set; }

    /// <summary>The number of times that they were cleared by <see cref="ParameterSet.ZeroGradients"/>.</summary>
    public int Cleared { get; private set; }

    /// <summary>Called when the gradients are taken.</summary>
    public Action? Taking { get; set; }

    /// <summary>The gradient of a parameter; null if it has none.</summary>
    public float[]? this[string name] => _gradients.GetValueOrDefault(_set[name]);

    public void Add(Parameter parameter, float[] gradient)
    {
        _isTaken.Should().BeFalse("a backward pass runs between operations");
        if (_gradients.TryGetValue(parameter, out float[]? sum))
        {
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += gradient[i];
            }
        }
        else
        {
            _gradients.Add(parameter, [.. gradient]);
        }
    }

    public unsafe void TakeGradients()
    {
        _isTaken.Should().BeFalse("only the outermost operation takes the gradients");
        _isTaken = true;
        Taking?.Invoke();
        foreach (Parameter parameter in _set)
        {
            if (_gradients.TryGetValue(parameter, out float[]? gradient))
            {
                parameter.PointGradientsAt(gradient);
            }
            else
            {
                parameter.PointGradientsAt(null);
            }
        }
    }

    public unsafe void ReleaseGradients(bool used, bool valuesChanged)
    {
        _isTaken.Should().BeTrue("gradients are released once");
        _isTaken = false;
        if (HaveValuesChanged())
        {
            valuesChanged.Should().BeTrue("a change of values is announced");
        }

        ValuesChanged = valuesChanged;
        Released.Add(used);
        foreach (Parameter parameter in _set)
        {
            parameter.PointGradientsAt(null);
        }

        if (used)
        {
            _gradients.Clear();
        }
    }

    public void ClearGradients()
    {
        _isTaken.Should().BeFalse("gradients that are in use are zeroed in place");
        Cleared++;
        _gradients.Clear();
    }

    /// <summary>Checks that nothing is in use, and how the gradients were released since the last check.</summary>
    public void ShouldHaveReleased(params bool[] used)
    {
        _isTaken.Should().BeFalse("every use ends");
        Released.Should().Equal(used);
        Released.Clear();
    }

    private bool HaveValuesChanged()
    {
        bool changed = false;
        foreach (Parameter parameter in _set)
        {
            changed |= _values.TryGetValue(parameter, out float[]? before) && !parameter.Values.SequenceEqual(before);
            _values[parameter] = parameter.Values.ToArray();
        }

        return changed;
    }
}
