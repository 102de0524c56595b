namespace Optimizers.Configuration;

/// <summary>The optimizers by name. A new optimizer needs a row here, and nothing else in this folder.</summary>
internal sealed class OptimizerTable
{
    public OptimizerRow<AdEmaMixOptions> AdEmaMix { get; } = new((n, o, t) => new AdEmaMix(n, o, t));

    public OptimizerRow<AdaBeliefOptions> AdaBelief { get; } = new((n, o, t) => new AdaBelief(n, o, t));

    public OptimizerRow<AdaDeltaOptions> AdaDelta { get; } = new((n, o, t) => new AdaDelta(n, o, t));

    public OptimizerRow<AdaGradOptions> AdaGrad { get; } = new((n, o, t) => new AdaGrad(n, o, t));

    public OptimizerRow<AdafactorOptions> Adafactor { get; } = new((s, o, t) => new Adafactor(s, o, t));

    public OptimizerRow<AdamOptions> Adam { get; } = new((n, o, t) => new Adam(n, o, t));

    public OptimizerRow<AdamWOptions> AdamW { get; } = new((n, o, t) => new AdamW(n, o, t));

    public OptimizerRow<AdamaxOptions> Adamax { get; } = new((n, o, t) => new Adamax(n, o, t));

    public OptimizerRow<AdanOptions> Adan { get; } = new((n, o, t) => new Adan(n, o, t));

    public OptimizerRow<AdoptOptions> Adopt { get; } = new((n, o, t) => new Adopt(n, o, t));

    public OptimizerRow<AsgdOptions> Asgd { get; } = new((n, o, t) => new Asgd(n, o, t));

    public OptimizerRow<FtrlOptions> Ftrl { get; } = new((n, o, t) => new Ftrl(n, o, t));

    public OptimizerRow<LambOptions> Lamb { get; } = new((n, o, t) => new Lamb(n, o, t));

    public OptimizerRow<LarsOptions> Lars { get; } = new((n, o, t) => new Lars(n, o, t));

    public OptimizerRow<LionOptions> Lion { get; } = new((n, o, t) => new Lion(n, o, t));

    public OptimizerRow<MomentumOptions> Momentum { get; } = new((n, o, t) => new Momentum(n, o, t));

    public OptimizerRow<MuonOptions> Muon { get; } = new((s, o, t) => new Muon(s, o, t));

    public OptimizerRow<NAdamOptions> NAdam { get; } = new((n, o, t) => new NAdam(n, o, t));

    public OptimizerRow<NesterovOptions> Nesterov { get; } = new((n, o, t) => new Nesterov(n, o, t));

    public OptimizerRow<NovoGradOptions> NovoGrad { get; } = new((n, o, t) => new NovoGrad(n, o, t));

    public OptimizerRow<ProdigyOptions> Prodigy { get; } = new((n, o, t) => new Prodigy(n, o, t));

    public OptimizerRow<RAdamOptions> RAdam { get; } = new((n, o, t) => new RAdam(n, o, t));

    public OptimizerRow<RmsPropOptions> RmsProp { get; } = new((n, o, t) => new RmsProp(n, o, t));

    public OptimizerRow<RpropOptions> Rprop { get; } = new((n, o, t) => new Rprop(n, o, t));

    public OptimizerRow<ScheduleFreeAdamWOptions> ScheduleFreeAdamW { get; } = new((n, o, t) => new ScheduleFreeAdamW(n, o, t));

    public OptimizerRow<ScheduleFreeSgdOptions> ScheduleFreeSgd { get; } = new((n, o, t) => new ScheduleFreeSgd(n, o, t));

    public OptimizerRow<SgdOptions> Sgd { get; } = new((n, o, t) => new Sgd(n, o, t));

    public OptimizerRow<SignSgdOptions> SignSgd { get; } = new((n, o, t) => new SignSgd(n, o, t));

    public OptimizerRow<SignumOptions> Signum { get; } = new((n, o, t) => new Signum(n, o, t));

    public OptimizerRow<SophiaOptions> Sophia { get; } = new((n, o, t) => new Sophia(n, o, t));

    public OptimizerRow<SparseAdamOptions> SparseAdam { get; } = new((n, o, t) => new SparseAdam(n, o, t));

    public OptimizerRow<YogiOptions> Yogi { get; } = new((n, o, t) => new Yogi(n, o, t));
}
