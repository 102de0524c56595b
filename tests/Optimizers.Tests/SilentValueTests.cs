namespace Optimizers.Tests;

/// <summary>
/// Valid numbers with which an option, or the whole object, would have no effect or the opposite effect. Most of them throw, and
/// the message has the name and the value of the option. The second table lists the numbers that are accepted and documented.
/// </summary>
public sealed class SilentValueTests
{
    private static readonly Dictionary<string, (string Name, string Message, Action Make)> _refused = new()
    {
        ["a norm of 0"] = ("MaximumNorm", "*0 would make every gradient 0*no clip*", () => _ = new ClipByGlobalNorm { MaximumNorm = 0 }),
        ["a norm that is 0 as a float"] = ("MaximumNorm", "*float*", () => _ = new ClipByGlobalNorm { MaximumNorm = 1e-60 }),
        ["a norm of 0 for each tensor"] = ("MaximumNorm", "*every gradient 0*", () => _ = new ClipByNorm { MaximumNorm = 0 }),
        ["a norm for each tensor that is 0 as a float"] = ("MaximumNorm", "*float*", () => _ = new ClipByNorm { MaximumNorm = 1e-60 }),
        ["a limit of 0"] = ("Limit", "*every gradient 0*", () => _ = new ClipByValue { Limit = 0 }),
        ["a limit of −0"] = ("Limit", "*every gradient 0*", () => _ = new ClipByValue { Limit = -0.0 }),
        ["a limit that is 0 as a float"] = ("Limit", "*float*", () => _ = new ClipByValue { Limit = 1e-60 }),
        ["an adaptive clip of 0"] = ("Clipping", "*every gradient 0*", () => _ = new AdaptiveClip { Clipping = 0 }),
        ["an adaptive clip that is 0 as a float"] = ("Clipping", "*float*", () => _ = new AdaptiveClip { Clipping = 1e-60 }),

        ["Cosine, rising"] = ("floor", "*at most peak, which is 0.1*Linear*SwaAnneal*0.4*", () => _ = new Cosine(0.1, 10, 0.4)),
        ["CosineRestarts, rising"] = ("floor", "*at most peak, which is 0.1*", () => _ = new CosineRestarts(0.1, 10, floor: 0.4)),
        ["WarmupCosine, rising"] = ("floor", "*at most peak, which is 0.1*", () => _ = new WarmupCosine(0.1, 2, 10, floor: 0.4)),
        ["WarmupCosine, falling to its peak"] = ("start", "*at most peak, which is 0.1*Sequence*", () => _ = new WarmupCosine(0.1, 2, 10, start: 0.4)),
        ["WarmupLinear, rising"] = ("floor", "*at most peak, which is 0.1*", () => _ = new WarmupLinear(0.1, 2, 10, floor: 0.4)),
        ["WarmupLinear, falling to its peak"] = ("start", "*at most peak, which is 0.1*", () => _ = new WarmupLinear(0.1, 2, 10, start: 0.4)),
        ["WarmupConstant, falling to its peak"] = ("start", "*at most peak, which is 0.1*", () => _ = new WarmupConstant(0.1, 2, 0.4)),
        ["WarmupStableDecay, rising"] = ("floor", "*at most peak, which is 0.1*", () => _ = new WarmupStableDecay(0.1, 2, 3, 4, 0.4)),
        ["Tanh, rising"] = ("floor", "*at most initial, which is 0.1*", () => _ = new Tanh(0.1, 10, 0.4)),
        ["Cyclic, upside down"] = ("base", "*at most peak, which is 0.1*Shift*", () => _ = new Cyclic(0.4, 0.1, 10)),
        ["Cyclic, with a factor that its mode does not use"] = ("gamma", "*1 in the mode Triangular*", () => _ = new Cyclic(0.1, 0.4, 10, gamma: 0.9)),
        ["OneCycle, starting above its peak"] = ("initialDivisor", "*at least 1*0.5*", () => _ = new OneCycle(0.1, 10, initialDivisor: 0.5)),
        ["OneCycle, ending above its peak"] = ("finalDivisor", "*at least 0.04*0.03*", () => _ = new OneCycle(0.1, 10, finalDivisor: 0.03)),
        ["OneCycle, rising again in its third phase"] = ("finalDivisor", "*at least 1*0.5*", () => _ = new OneCycle(0.1, 10, finalDivisor: 0.5, threePhase: true)),
        ["ExponentialDecay, below its floor"] = ("floor", "*at most initial, which is 0.1*", () => _ = new ExponentialDecay(0.1, 10, 0.5, floor: 0.4)),
        ["ExponentialDecay, growing and above its bound"] = ("floor", "*at least 0.1*", () => _ = new ExponentialDecay(0.1, 10, 2, floor: 0.05)),
        ["ReduceOnPlateau, below its floor"] = ("floor", "*at most initial, which is 0.1*", () => _ = new ReduceOnPlateau(0.1, floor: 0.4)),
        ["ReduceOnPlateau, with changes below epsilon"] = ("epsilon", "*less than the first reduction*E-09*", () => _ = new ReduceOnPlateau(1e-8)),
        ["bounds in the wrong order"] = ("maximum", "*minimum*0.4*", () => _ = new Constant(1).Clamp(0.4, 0.1)),

        ["a momentum without effect of the gradient"] = ("Dampening", "*less than 1*", () => _ = new Momentum(1, new MomentumOptions { Dampening = 1 })),
        ["a momentum that ascends the gradient"] = ("Dampening", "*less than 1*", () => _ = new Momentum(1, new MomentumOptions { Dampening = 1.5 })),
        ["AdaDelta without a first step"] = ("Epsilon", "*above 0*", () => _ = new AdaDelta(1, new AdaDeltaOptions { Epsilon = 0 })),
        ["LARS without trust"] = ("TrustCoefficient", "*above 0*", () => _ = new Lars(1, new LarsOptions { TrustCoefficient = 0 })),
        ["Prodigy without growth of its distance"] = ("DCoefficient", "*above 0*", () => _ = new Prodigy(1, new ProdigyOptions { DCoefficient = 0 })),
        ["Rprop without steps"] = ("MaximumStep", "*above 0*", () => _ = new Rprop(1, new RpropOptions { MinimumStep = 0, MaximumStep = 0 })),
        ["Sophia without curvature"] = ("Gamma", "*above 0*", () => _ = new Sophia(1, new SophiaOptions { Gamma = 0 })),
        ["runs of one loss"] = ("Steps", "*at least 2*", () => RateSweep.Try(new Checkpoint(), (_, _) => 1, new RateSweepOptions { Steps = 1 })),
    };

    private static readonly Dictionary<string, Func<object>> _meant = new()
    {
        ["Linear, rising"] = () => new Linear(0.1, 0.4, 10),
        ["Polynomial, rising"] = () => new Polynomial(0.1, 0.4, 2, 10),
        ["SwaAnneal, rising"] = () => new SwaAnneal(0.1, 0.4, 10),
        ["Cosine, level"] = () => new Cosine(0.1, 10, 0.1),
        ["Cosine from 0 to 0"] = () => new Cosine(0, 10),
        ["Cyclic, level"] = () => new Cyclic(0.1, 0.1, 10),
        ["OneCycle, level"] = () => new OneCycle(0.1, 10, initialDivisor: 1, finalDivisor: 1),
        ["OneCycle, ending above its start"] = () => new OneCycle(0.1, 10, finalDivisor: 0.5),
        ["WarmupConstant, level"] = () => new WarmupConstant(0.1, 10, 0.1),
        ["ReduceOnPlateau at its floor"] = () => new ReduceOnPlateau(0.1, floor: 0.1),
        ["a group at rate 0"] = () => new ParameterGroup(new SgdOptions()) { RateFactor = 0 },
        ["an adaptive clip that keeps zeros"] = () => new AdaptiveClip { Epsilon = 0 },
        ["an order that the norm does not use"] = () => new ClipByGlobalNorm { Order = 3 },
    };

    public static TheoryData<string> Refused() => [.. _refused.Keys];

    public static TheoryData<string> Meant() => [.. _meant.Keys];

    [Theory]
    [MemberData(nameof(Refused))]
    public void ValueWithoutEffectThrows(string what)
    {
        (string name, string message, Action make) = _refused[what];
        make.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name).WithMessage($"*{name}{message}");
    }

    [Theory]
    [MemberData(nameof(Meant))]
    public void DocumentedValueIsAccepted(string what) => _meant[what]().Should().NotBeNull();
}
