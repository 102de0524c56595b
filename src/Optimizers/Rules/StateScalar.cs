namespace Optimizers.Rules;

/// <summary>A number in double that a rule keeps for a whole tensor, because no formula gives it from the iteration
/// alone.</summary>
/// <param name="Name">The name; PyTorch's name where PyTorch has this scalar: <c>mu_product</c>, …</param>
/// <param name="Initial">The value before the first step.</param>
public sealed record StateScalar(string Name, double Initial = 0);
