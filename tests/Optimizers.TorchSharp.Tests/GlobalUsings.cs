// In namespaces below Optimizers the name TorchSharp means Optimizers.TorchSharp. TorchSharp's own names need global::, or come from here.
global using global::TorchSharp;
global using Optimizers.Checkpoints;
global using Optimizers.Diagnostics;
global using Optimizers.Tests;
global using Optimizers.Training;
global using Network = global::TorchSharp.torch.nn.Module<global::TorchSharp.torch.Tensor, global::TorchSharp.torch.Tensor>;
global using Tensor = global::TorchSharp.torch.Tensor;
global using TorchModule = global::TorchSharp.torch.nn.Module;
global using TorchParameter = global::TorchSharp.Modules.Parameter;

// Torch's default random generator belongs to the process, so tests that seed it must not run at the same time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
