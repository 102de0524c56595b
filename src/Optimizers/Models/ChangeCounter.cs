namespace Optimizers;

/// <summary>Counts the changes to the states of a model that no step made, so that a step need not look at each of them.</summary>
internal sealed class ChangeCounter
{
    public int Count { get; private set; }

    public void Add() => Count++;
}
