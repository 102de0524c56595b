namespace Optimizers;

/// <summary>
/// How a parameter with 16-bit values keeps updates that are smaller than the spacing of these values. Rounded to the nearest, such an
/// update would be lost: bfloat16 has 8 significant bits, so it loses every update below 1/512 of a value.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<UpdatePrecision>))]
public enum UpdatePrecision
{
    /// <summary>
    /// A copy of the values in float32, the master copy: 4 further bytes an element. Steps update the copy and round it into the 16-bit
    /// values in the same pass. The updates are those of a model in float32 (Micikevicius et al. 2018, arXiv 1710.03740). The default.
    /// </summary>
    MasterCopy,

    /// <summary>
    /// No further memory: a step rounds each value up or down at random, so that the mean is right (Gupta et al. 2015, arXiv
    /// 1502.02551). The random bits are a hash of the parameter's iteration and the index of the element.
    /// </summary>
    StochasticRounding,

    /// <summary>
    /// The rounding error of each value, in the same 16-bit format: 2 further bytes an element. The next step adds it to the value again
    /// (Kahan 1965; Zamirai et al. 2021, arXiv 2010.06192).
    /// </summary>
    Compensation,
}
