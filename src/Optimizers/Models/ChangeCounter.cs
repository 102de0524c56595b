namespace Optimizers;

/// <summary>Counts the changes to the states of a model between its steps, so that a step does not have to check each
/// state.</summary>
internal sealed class ChangeCounter
{
    public int Count { get; private set; }

    public void Add() => Count++;
}
