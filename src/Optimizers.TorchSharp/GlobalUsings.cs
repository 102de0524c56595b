// In namespaces below Optimizers the name TorchSharp means Optimizers.TorchSharp. TorchSharp's own names need global::, or come from here.
global using global::TorchSharp;
global using Optimizers.Checkpoints;
global using Optimizers.Configuration;
global using Optimizers.Training;
global using Tensor = global::TorchSharp.torch.Tensor;
global using TorchModule = global::TorchSharp.torch.nn.Module;
global using TorchParameter = global::TorchSharp.Modules.Parameter;
