namespace Optimizers.Training;

/// <summary>Copies of gradients that are about to be rewritten, for a step that is refused after that.</summary>
internal sealed class GradientBackup
{
    private readonly List<float[]> _copies = [];
    private IReadOnlyList<Parameter> _parameters = [];

    /// <summary>Copies the gradients of parameters, into the memory of earlier copies where it is large enough.</summary>
    public void Take(IReadOnlyList<Parameter> parameters)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            ReadOnlySpan<float> gradients = parameters[i].WritableGradients;
            if (i == _copies.Count)
            {
                _copies.Add([]);
            }

            if (_copies[i].Length < gradients.Length)
            {
                // Rows of a table change in number: some room saves an allocation in the next steps.
                int room = parameters[i].IsTable ? (int)Math.Min(2L * gradients.Length, Array.MaxLength) : gradients.Length;
                _copies[i] = GC.AllocateUninitializedArray<float>(room);
            }

            gradients.CopyTo(_copies[i]);
        }

        _parameters = parameters;
    }

    /// <summary>Puts the copied gradients back, if there are any.</summary>
    public void PutBack()
    {
        for (int i = 0; i < _parameters.Count; i++)
        {
            Span<float> gradients = _parameters[i].WritableGradients;
            _copies[i].AsSpan(0, gradients.Length).CopyTo(gradients);
        }

        Forget();
    }

    /// <summary>Keeps the gradients as they are now.</summary>
    public void Forget() => _parameters = [];
}
