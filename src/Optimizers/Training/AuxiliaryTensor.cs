using System.Runtime.InteropServices;

namespace Optimizers.Training;

/// <summary>A tensor that belongs to a parameter and has the same length.</summary>
internal sealed class AuxiliaryTensor(Parameter parameter, ParameterGroup? group, OptimizerState state)
{
    private (ushort[] Values, ushort[] Errors)? _held;

    public Parameter Parameter { get; } = parameter;

    /// <summary>The group of the parameter; null if there are no groups or the parameter is in none.</summary>
    public ParameterGroup? Group { get; } = group;

    /// <summary>The memory of the tensor, and the number of passes over it.</summary>
    public OptimizerState State { get; } = state;

    /// <summary>Whether the parameter takes part in the current operation. The owner of the tensors sets it.</summary>
    public bool TakesPart { get; set; }

    /// <summary>The elements, also while they are exchanged with the values of the parameter.</summary>
    /// <param name="areExchanged">Whether values and tensors are exchanged.</param>
    public ReadOnlySpan<float> ElementsWhile(bool areExchanged) => areExchanged && _held is null ? Parameter.Values : Elements;

    /// <summary>Replaces 16-bit values by the elements, rounded. The values and their rounding errors are kept until <see cref="PutBack"/>.</summary>
    public void PutInPlaceOfValues()
    {
        (NumberBuffer stored, NumberBuffer errors) = (Parameter.StoredValues, Parameter.Errors);
        _held = (Copy(stored), errors.Address == 0 ? [] : Copy(errors));
        Parameter.CopyValuesFrom(Elements);
    }

    /// <summary>Restores the values that <see cref="PutInPlaceOfValues"/> replaced.</summary>
    public void PutBack()
    {
        if (_held is { } held)
        {
            CopyBack(held.Values, Parameter.StoredValues);
            CopyBack(held.Errors, Parameter.Errors);
            _held = null;
        }
    }

    public Span<float> Elements
    {
        get
        {
            ReadOnlySpan<float> slot = State[State.SlotNames[0]];
            return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(slot), slot.Length);
        }
    }

    private unsafe ushort[] Copy(NumberBuffer buffer) => new ReadOnlySpan<ushort>((void*)buffer.Address, Parameter.Length).ToArray();

    private static unsafe void CopyBack(ushort[] copy, NumberBuffer buffer) => copy.CopyTo(new Span<ushort>((void*)buffer.Address, copy.Length));
}
