namespace Optimizers.Configuration;

/// <summary>The named types of the library. A new optimizer, schedule or clip needs a line here.</summary>
internal static class LibraryNames
{
    public static NamedType[] Optimizers =>
    [
        AdEmaMixOptions.Named,
        AdaBeliefOptions.Named,
        AdaDeltaOptions.Named,
        AdaGradOptions.Named,
        AdafactorOptions.Named,
        AdamOptions.Named,
        AdamWOptions.Named,
        AdamaxOptions.Named,
        AdanOptions.Named,
        AdoptOptions.Named,
        AsgdOptions.Named,
        FtrlOptions.Named,
        LambOptions.Named,
        LarsOptions.Named,
        LionOptions.Named,
        MomentumOptions.Named,
        MuonOptions.Named,
        NAdamOptions.Named,
        NesterovOptions.Named,
        NovoGradOptions.Named,
        ProdigyOptions.Named,
        RAdamOptions.Named,
        RmsPropOptions.Named,
        RpropOptions.Named,
        ScheduleFreeAdamWOptions.Named,
        ScheduleFreeSgdOptions.Named,
        SgdOptions.Named,
        SignSgdOptions.Named,
        SignumOptions.Named,
        SophiaOptions.Named,
        SparseAdamOptions.Named,
        YogiOptions.Named,
    ];

    public static NamedType[] Schedules =>
    [
        Clamp.Named,
        Constant.Named,
        Cosine.Named,
        CosineRestarts.Named,
        Cyclic.Named,
        Epochs.Named,
        Exponential.Named,
        ExponentialDecay.Named,
        InverseSquareRoot.Named,
        InverseTime.Named,
        Linear.Named,
        MultiStep.Named,
        Noam.Named,
        OneCycle.Named,
        PiecewiseConstant.Named,
        Polynomial.Named,
        Product.Named,
        ReduceOnPlateau.Named,
        Sequence.Named,
        Shift.Named,
        StepDecay.Named,
        SwaAnneal.Named,
        Tanh.Named,
        Warmup.Named,
        WarmupConstant.Named,
        WarmupCosine.Named,
        WarmupLinear.Named,
        WarmupStableDecay.Named,
    ];

    public static NamedType[] Clips =>
    [
        AdaptiveClip.Named,
        ClipByGlobalNorm.Named,
        ClipByNorm.Named,
        ClipByValue.Named,
    ];
}
