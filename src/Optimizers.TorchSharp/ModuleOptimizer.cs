namespace Optimizers.TorchSharp;

/// <summary>
/// Trains a TorchSharp module with an optimizer of this library. It updates the parameters in torch's own memory and reads the
/// gradients where <c>backward</c> left them; nothing is copied.
/// </summary>
/// <remarks>
/// <para>A step sets the gradients to null, as <c>Module.zero_grad()</c> does. With <see cref="ModelOptimizerOptions.ZeroGradients"/> it
/// sets them to zero in place. So no call of <c>zero_grad</c> is needed.</para>
/// <para>The parameters of the module are those that require a gradient, under the names of <c>named_parameters()</c>. Tied weights are
/// one parameter, under their first name. A parameter whose <c>grad</c> is null takes no part in a step. A frozen parameter (with
/// <c>requires_grad</c> false) that is thawed later is added by the next step. After you add modules, call
/// <see cref="AddNewParameters"/>; the optimizer finds a forgotten call in one of its next steps and throws.</para>
/// <para>Parameters must be contiguous tensors in float32, bfloat16 or half on the CPU; a module may mix these types. 16-bit parameters
/// have a master copy in float32, unless <see cref="ModuleOptions.UpdatePrecision"/> selects another method. After you have written to
/// the memory of 16-bit parameters yourself, call <see cref="TakeRoundedValues"/>.</para>
/// <para>If <c>.to</c> replaces the parameters by other tensors that can be used in place, the optimizer continues with these and keeps its
/// state. If it replaces them by tensors that cannot be used, for example in float64, the next step throws.</para>
/// <para>The wrappers of a model optimizer take this class: <see cref="GradientAccumulator"/>,
/// <see cref="Lookahead"/>, <see cref="Sam"/>. Averages, <see cref="Lbfgs"/> and diagnostics take
/// <see cref="Parameters"/> or <see cref="Model"/>.</para>
/// <para>Use an instance, and the module, from one thread at a time. Dispose of the optimizer when training ends; the module stays as
/// it is.</para>
/// </remarks>
/// <example>
/// <code>
/// using var optimizer = new ModuleOptimizer(module, new AdamWOptions { WeightDecay = 0.01 }, new ModelOptimizerOptions
/// {
///     Schedule = new WarmupCosine(peak: 3e-3, warmupSteps: 50, totalSteps: 460, floor: 1e-5),
///     Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
/// });
/// foreach (var (x, y) in batches)
/// {
///     using var scope = torch.NewDisposeScope();
///     functional.cross_entropy(module.forward(x), y).backward();
///     optimizer.Step();
/// }
/// </code>
/// </example>
public sealed class ModuleOptimizer : IModelOptimizer, IDisposable
{
    private readonly TorchModule _module;
    private readonly ModuleTensors _tensors;
    private readonly bool _hasSchedule;
    private bool _disposed;

    /// <summary>Creates an optimizer that treats all parameters alike.</summary>
    /// <param name="module">The module, with at least one parameter that requires a gradient.</param>
    /// <param name="optimizer">The hyperparameters for all parameters.</param>
    /// <param name="options">Options such as schedule, clipping and loss scale; null for the defaults.</param>
    /// <param name="moduleOptions">The treatment of the module's tensors; null for the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option is invalid, or a parameter is not on the CPU, not in float32, bfloat16
    /// or half, or not contiguous, so its memory cannot be used in place. The message names the argument, the option or the
    /// parameter.</exception>
    public ModuleOptimizer(
        TorchModule module, IOptimizerOptions optimizer, ModelOptimizerOptions? options = null, ModuleOptions? moduleOptions = null)
        : this(module, [GroupOf(optimizer)], options, moduleOptions)
    {
    }

    /// <summary>Creates an optimizer with groups.</summary>
    /// <param name="module">The module, with at least one parameter that requires a gradient.</param>
    /// <param name="groups">The groups, at least one; a parameter belongs to the first group that matches its name and shape.</param>
    /// <param name="options">Options such as schedule, clipping and loss scale; null for the defaults.</param>
    /// <param name="moduleOptions">The treatment of the module's tensors; null for the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option is invalid, a parameter matches no group, or a parameter is not on the
    /// CPU, not in float32, bfloat16 or half, or not contiguous, so its memory cannot be used in place. The message names the argument, the
    /// option or the parameter.</exception>
    public ModuleOptimizer(
        TorchModule module,
        IReadOnlyList<ParameterGroup> groups,
        ModelOptimizerOptions? options = null,
        ModuleOptions? moduleOptions = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(groups);
        _module = module;
        _hasSchedule = options?.Schedule is not null;
        _tensors = new ModuleTensors(module, moduleOptions ?? new ModuleOptions(), options?.ZeroGradients ?? false);
        try
        {
            Model = new ModelOptimizer(_tensors.Set, groups, options);
        }
        catch
        {
            _tensors.Dispose();
            throw;
        }
    }

    /// <summary>The optimizer of the module's parameters: its states, its rates, its description.</summary>
    public ModelOptimizer Model { get; }

    /// <summary>The parameters of the module that are trained: views of torch's memory.</summary>
    public ParameterSet Parameters => _tensors.Set;

    /// <inheritdoc/>
    public IReadOnlyList<ParameterGroup> Groups => Model.Groups;

    /// <inheritdoc/>
    public long UpdateCount => Model.UpdateCount;

    /// <inheritdoc/>
    public IModelOptimizer? Inner => Model;

    /// <summary>Updates every parameter that has a gradient and is not frozen, and clears the gradients.</summary>
    /// <param name="lossScale">The factor by which the loss was multiplied before <c>backward</c>, in addition to the scale of the
    /// <see cref="LossScaler"/>. Default 1.</param>
    /// <returns>A report of the step.</returns>
    /// <exception cref="InvalidOperationException">A parameter has been disposed, was replaced by a tensor that cannot be used in place,
    /// or was added to the module; the message names it and says what to do. Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer has been disposed.</exception>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/exception"/>
    public StepReport Step(LossScale lossScale = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Model.Step(lossScale);
    }

    /// <summary>Does nothing: a model optimizer accumulates no gradients. See <see cref="GradientAccumulator"/>.</summary>
    /// <inheritdoc cref="IModelOptimizer.Flush" path="/returns"/>
    public StepReport Flush() => ((IModelOptimizer)Model).Flush();

    /// <summary>Clears all gradients, in the way in which a step clears them.</summary>
    public void ClearGradients() => _tensors.ClearGradients();

    /// <summary>
    /// Adds the parameters of the module that require a gradient and are not trained yet. Call it after you have added modules. Their
    /// states begin at zero.
    /// </summary>
    /// <returns>The number of added parameters.</returns>
    /// <exception cref="ArgumentException">The memory of a parameter cannot be used in place. The parameters before it have been
    /// added.</exception>
    public int AddNewParameters()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _tensors.AddNew();
    }

    /// <summary>
    /// Takes over 16-bit values that other code has written into the module: see <see cref="Parameter.TakeRoundedValues"/>. Without this
    /// call the next step writes the rounded master copies over them. A step does this on its own after changes that torch counts, such as
    /// those of <c>load_state_dict</c> or <c>copy_</c>, if libtorch exports its counters, as it does on Linux. Parameters in
    /// float32 need no call.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The optimizer has been disposed.</exception>
    public void TakeRoundedValues()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (Parameter parameter in Parameters)
        {
            parameter.TakeRoundedValues();
        }
    }

    /// <summary>
    /// Makes a checkpoint of the training run: the parameters and buffers of the module, the state of the optimizer with its schedules,
    /// and the state of torch's random generator. Add averages, wrappers and your own values to it. A resumed run has the same bits.
    /// </summary>
    /// <param name="includeGenerator">Whether the file includes the state of torch's default generator on the CPU. Default true.</param>
    /// <param name="registry">The names of your own optimizers, schedules and clips; null if you have none.</param>
    public Checkpoint CreateCheckpoint(bool includeGenerator = true, ConfigurationRegistry? registry = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var checkpoint = new Checkpoint(Model) { Registry = registry ?? ConfigurationRegistry.Empty };
        checkpoint.Add("buffers", new ModuleBuffers(_module));
        if (includeGenerator)
        {
            checkpoint.Add("torch", new GeneratorState());
        }

        return checkpoint;
    }

    /// <summary>
    /// Returns this optimizer as a <c>torch.optim.Optimizer</c>, for code that expects one and for TorchSharp's schedulers.
    /// </summary>
    /// <remarks>
    /// Limits: <c>state_dict</c>, <c>load_state_dict</c> and <c>add_param_group</c> throw; use <see cref="CreateCheckpoint"/> and
    /// <see cref="AddNewParameters"/>. A scheduler sets rates, and the momentum or β₁ of groups whose optimizer has one. The groups must
    /// have no schedules of their own. Disposing of it does not dispose of this optimizer.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The model or a group has a schedule, or the rate of a group is 0.</exception>
    public torch.optim.Optimizer AsTorchOptimizer()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_hasSchedule || Groups.Any(group => group.Schedule is not null || group.MomentumSchedule is not null))
        {
            throw new InvalidOperationException(
                "The optimizer has a schedule of this library, and a scheduler of TorchSharp would set the same rates. Remove one of them.");
        }

        return new TorchOptimizer(this);
    }

    /// <summary>Describes the model optimizer.</summary>
    public override string ToString() => Model.ToString();

    /// <summary>Releases the views of torch's memory and the state. The module and its tensors stay as they are.</summary>
    public void Dispose()
    {
        _disposed = true;
        _tensors.Dispose();
    }

    /// <summary>The tensors of the parameters that belong to a group.</summary>
    internal IEnumerable<TorchParameter> TensorsOf(ParameterGroup group) => _tensors.Tensors
        .Where(tensor => Groups.First(other => other.Where?.Invoke(tensor.Parameter) ?? true) == group)
        .Select(tensor => tensor.TorchParameter);

    private static ParameterGroup GroupOf(IOptimizerOptions optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new ParameterGroup(optimizer);
    }
}
