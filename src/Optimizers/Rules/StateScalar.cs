namespace Optimizers.Rules;

/// <summary>A number that a rule remembers of a whole tensor, in double: what no formula gives from the iteration alone.</summary>
/// <param name="Name">The scalar's name, as PyTorch has it where PyTorch has it: <c>mu_product</c>, …</param>
/// <param name="Initial">What it is before the first step.</param>
public sealed record StateScalar(string Name, double Initial = 0);
