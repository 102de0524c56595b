using System.Globalization;
using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp;

/// <summary>A <see cref="ModuleOptimizer"/> as a <c>torch.optim.Optimizer</c>: see <see cref="ModuleOptimizer.AsTorchOptimizer"/>.</summary>
internal sealed class TorchOptimizer : OptimizerHelper, torch.optim.IBetas, torch.optim.IMomentum
{
    private const string Instead = $"Use {nameof(ModuleOptimizer)}.{nameof(ModuleOptimizer.CreateCheckpoint)}.";

    private readonly ModuleOptimizer _optimizer;
    private readonly Group[] _groups;

    public TorchOptimizer(ModuleOptimizer optimizer)
    {
        _optimizer = optimizer;
        _groups = [.. optimizer.Groups.Select((group, index) => new Group(optimizer, group, index))];
        _parameter_groups = [.. _groups];
        foreach (TorchParameter parameter in _groups.SelectMany(group => group.Parameters))
        {
            _state[parameter.Handle] = new State(parameter);
        }
    }

    public (double, double) Betas
    {
        get => _groups[0].Betas;
        set => Array.ForEach(_groups, group => group.Betas = value);
    }

    public double Momentum
    {
        get => _groups[0].Momentum;
        set => Array.ForEach(_groups, group => group.Momentum = value);
    }

    public override Tensor step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using IDisposable withGraph = torch.enable_grad();
            loss = closure();
        }

        Array.ForEach(_groups, group => group.PassOn());
        _optimizer.Step();
        return loss!;
    }

    public override void add_param_group(ParamGroup param_group) =>
        throw new NotSupportedException($"A group cannot be added to a {nameof(ModuleOptimizer)}. Give all groups to its constructor, and call {nameof(ModuleOptimizer.AddNewParameters)} after you add modules.");

    /// <summary>Clears the gradients of all parameters, also of those that replaced others or were added.</summary>
    public override void zero_grad() => _optimizer.ClearGradients();

    public override StateDictionary state_dict() => throw new NotSupportedException($"TorchSharp's format cannot hold the state of this optimizer. {Instead}");

    public override void load_state_dict(StateDictionary state_dict) =>
        throw new NotSupportedException($"TorchSharp's format does not hold the state of this optimizer. {Instead}");

    /// <summary>A group whose rate and momentum a scheduler of TorchSharp may set.</summary>
    private sealed class Group : ParamGroup<OptimizerOptions>, torch.optim.IBetas, torch.optim.IMomentum
    {
        private readonly ParameterGroup _group;

        public Group(ModuleOptimizer optimizer, ParameterGroup group, int index)
        {
            _group = group;
            double rate = group.Options.LearningRate * group.RateFactor;
            if (group.Options.LearningRate == 0)
            {
                throw new InvalidOperationException(
                    string.Create(CultureInfo.InvariantCulture, $"The learning rate of group {index} is 0, so a scheduler cannot scale it. Set LearningRate in the options of the group."));
            }

            // Not a copy: a conversion replaces tensors.
            Parameters = optimizer.TensorsOf(group);
            Options = new OptimizerOptions { LearningRate = rate, InitialLearningRate = rate };
            Momentum = Original;
        }

        public double Momentum { get; set; }

        public (double, double) Betas
        {
            // β₂ is not scheduled, so its value is only for display.
            get => (Momentum, 0.999);
            set => Momentum = value.Item1;
        }

        private double Original => _group.Momentum ?? _group.Options.SchedulableMomentum ?? 0;

        /// <summary>Gives the rate and the momentum to the group of the model.</summary>
        public void PassOn()
        {
            _group.RateFactor = LearningRate / _group.Options.LearningRate;
            if (_group.Options.SchedulableMomentum is not null && Momentum != Original)
            {
                _group.Momentum = Momentum;
            }
        }
    }

    /// <summary>TorchSharp keeps a state for each parameter; this library keeps its own.</summary>
    private sealed class State(TorchParameter parameter) : global::TorchSharp.Modules.OptimizerState(parameter)
    {
        public override void Initialize(OptimizerOptions options)
        {
        }

        public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException($"TorchSharp's format cannot hold this state. {Instead}");

        public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException($"TorchSharp's format does not hold this state. {Instead}");

        public override void LoadStateDict(global::TorchSharp.Modules.OptimizerState source) => throw new NotSupportedException($"TorchSharp's state cannot be copied. {Instead}");
    }
}
