namespace Optimizers.Tests;

/// <summary>Plain gradient descent with two hooks: one where the rule of a step is made, one where it runs.</summary>
internal sealed record ThrowingOptions : IOptimizerOptions
{
    public double LearningRate => 0.5;

    public Action<StepScalars> OnMake { get; init; } = _ => { };

    public Action OnRun { get; init; } = () => { };

    public OptimizerDefinition Define() => OptimizerDefinition.Elementwise(step =>
    {
        OnMake(step);
        return new Rule(OnRun);
    });

    private readonly struct Rule(Action onRun) : IUpdateRule0<Rule>
    {
        private readonly Action _onRun = onRun;

        public void Apply<V>(V gradient, ref V parameter)
            where V : struct, ILane<V>
        {
            _onRun();
            parameter -= 0.5f * gradient;
        }
    }
}
