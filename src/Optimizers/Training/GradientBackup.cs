namespace Optimizers.Training;

/// <summary>
/// Copies of gradients that a clip will rewrite, to restore them if the step is refused later. A clip rewrites converted copies of 16-bit
/// gradients, so these need no backup.
/// </summary>
internal sealed class GradientBackup
{
    private readonly List<float[]> _copies = [];
    private IReadOnlyList<Parameter> _parameters = [];

    /// <summary>Copies the gradients of parameters. Memory of earlier copies is used again where it is large enough.</summary>
    public void Take(IReadOnlyList<Parameter> parameters)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (i == _copies.Count)
            {
                _copies.Add([]);
            }

            if (parameters[i].HasRoundedGradients)
            {
                continue;
            }

            ReadOnlySpan<float> gradients = parameters[i].WritableGradients;

            if (_copies[i].Length < gradients.Length)
            {
                // The number of rows with a gradient changes from step to step: spare room saves an allocation in the next steps.
                int room = parameters[i].IsTable ? (int)Math.Min(2L * gradients.Length, Array.MaxLength) : gradients.Length;
                _copies[i] = GC.AllocateUninitializedArray<float>(room);
            }

            gradients.CopyTo(_copies[i]);
        }

        _parameters = parameters;
    }

    /// <summary>Restores the copied gradients, if there are any.</summary>
    public void PutBack()
    {
        for (int i = 0; i < _parameters.Count; i++)
        {
            if (!_parameters[i].HasRoundedGradients)
            {
                Span<float> gradients = _parameters[i].WritableGradients;
                _copies[i].AsSpan(0, gradients.Length).CopyTo(gradients);
            }
        }

        Forget();
    }

    /// <summary>Drops the copies; the gradients stay as they are now.</summary>
    public void Forget() => _parameters = [];
}
