using System.Globalization;
using global::TorchSharp;

namespace Optimizers.Benchmarks;

/// <summary>
/// PyTorch's own optimizer kernels, without Python: TorchScript functions that call them over lists of tensors. The functions do what
/// <c>torch.optim</c> does with <c>fused=True</c> or <c>foreach=True</c>, and what <c>clip_grad_norm_</c> and <c>zero_grad</c> do around it.
/// </summary>
internal sealed class TorchKernels : IDisposable
{
    // The foreach kernels take the scalars of a step as numbers. All timed steps use those of this step.
    private const double TimedStep = 100;

    private const string Arguments =
        "p: List[Tensor], g: List[Tensor], a: List[Tensor], b: List[Tensor], x: List[Tensor], s: List[Tensor], t: float";

    private static readonly torch.Tensor[] _none = [];
    private readonly torch.jit.CompilationUnit _unit;

    public TorchKernels(OptimizerRow row)
    {
        (string fused, string[] separate) = CallsOf(row.Options);
        string[] clip =
        [
            "norms = torch._foreach_norm(g, 2.0)",
            "total = torch.linalg_vector_norm(torch.stack(norms), 2.0)",
            "torch._foreach_mul_(g, torch.clamp(torch.reciprocal(total + 0.000001), max=1.0))",
        ];
        const string Count = "torch._foreach_add_(s, 1.0)";
        const string Zero = "torch._foreach_zero_(g)";
        string[] functions =
        [
            Function(NameOf(Contenders.Fused, Work.Step), [Count, fused]),
            Function(NameOf(Contenders.Fused, Work.Phase), [.. clip, Count, fused, Zero]),
            Function(NameOf(Contenders.Foreach, Work.Step), [Count, .. separate]),
            Function(NameOf(Contenders.Foreach, Work.Phase), [.. clip, Count, .. separate, Zero]),
        ];

        // TorchScript needs a new line at the end.
        _unit = torch.jit.compile(string.Join("\n", functions) + "\n");
    }

    /// <summary>The optimizers of <see cref="Catalogue"/> for which PyTorch has fused kernels.</summary>
    public static IReadOnlyList<string> Rows { get; } = ["AdamW", "Momentum", "AdaGrad"];

    /// <summary>Runs a step or a phase once.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="contender"><see cref="Contenders.Fused"/> or <see cref="Contenders.Foreach"/>.</param>
    /// <param name="work"><see cref="Work.Step"/> or <see cref="Work.Phase"/>.</param>
    /// <param name="step">The number of the step for the bias correction of the foreach kernels, from 1.</param>
    public void Run(TorchTensors tensors, string contender, string work, double step = TimedStep) => _unit.invoke(
        NameOf(contender, work), tensors.Parameters, tensors.Gradients, tensors.First, tensors.Second, _none, tensors.Steps, step);

    public void Dispose() => _unit.Dispose();

    private static string NameOf(string contender, string work) => $"{(contender == Contenders.Fused ? "fused" : "foreach")}_{work}";

    private static string Function(string name, string[] lines) =>
        $"def {name}({Arguments}) -> int:\n{string.Concat(lines.Select(line => $"  {line}\n"))}  return 0\n";

    private static (string Fused, string[] Foreach) CallsOf(IOptimizerOptions options) => options switch
    {
        AdamWOptions o =>
        (
            $"torch._fused_adamw_(p, g, a, b, x, s, lr={Text(o.LearningRate)}, beta1={Text(o.Beta1)}, beta2={Text(o.Beta2)}, "
                + $"weight_decay={Text(o.WeightDecay)}, eps={Text(o.Epsilon)}, amsgrad=False, maximize=False)",
            [
                $"torch._foreach_mul_(p, {Text(1 - (o.LearningRate * o.WeightDecay))})",
                $"torch._foreach_lerp_(a, g, {Text(1 - o.Beta1)})",
                $"torch._foreach_mul_(b, {Text(o.Beta2)})",
                $"torch._foreach_addcmul_(b, g, g, {Text(1 - o.Beta2)})",
                "d = torch._foreach_sqrt(b)",
                $"torch._foreach_div_(d, (1.0 - {Text(o.Beta2)} ** t) ** 0.5)",
                $"torch._foreach_add_(d, {Text(o.Epsilon)})",
                $"torch._foreach_addcdiv_(p, a, d, -{Text(o.LearningRate)} / (1.0 - {Text(o.Beta1)} ** t))",
            ]),
        MomentumOptions o =>
        (
            $"torch._fused_sgd_(p, g, a, weight_decay=0.0, momentum={Text(o.Momentum)}, lr={Text(o.LearningRate)}, dampening=0.0, "
                + "nesterov=False, maximize=False, is_first_step=False)",
            [
                $"torch._foreach_mul_(a, {Text(o.Momentum)})",
                "torch._foreach_add_(a, g, alpha=1.0)",
                $"torch._foreach_add_(p, a, alpha=-{Text(o.LearningRate)})",
            ]),
        AdaGradOptions o =>
        (
            $"torch._fused_adagrad_(p, g, a, s, lr={Text(o.LearningRate)}, lr_decay=0.0, weight_decay=0.0, eps={Text(o.Epsilon)}, maximize=False)",
            [
                "torch._foreach_addcmul_(a, g, g, 1.0)",
                "d = torch._foreach_sqrt(a)",
                $"torch._foreach_add_(d, {Text(o.Epsilon)})",
                $"torch._foreach_addcdiv_(p, torch._foreach_mul(g, -{Text(o.LearningRate)}), d, 1.0)",
            ]),
        _ => throw new ArgumentException($"PyTorch has no fused kernel for {options.GetType().Name}.", nameof(options)),
    };

    // TorchScript reads a number with a decimal point as a float, and no exponent.
    private static string Text(double value) => ((decimal)value).ToString("0.0###########################", CultureInfo.InvariantCulture);
}
