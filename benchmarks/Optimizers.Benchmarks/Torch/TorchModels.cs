using global::TorchSharp;
using static global::TorchSharp.torch;
using Layers = global::TorchSharp.Modules;

namespace Optimizers.Benchmarks;

/// <summary>A TorchSharp module, and how to compute its gradients.</summary>
/// <param name="name">The name of the model in the tables.</param>
/// <param name="count">The number of parameters.</param>
/// <param name="tensors">The number of tensors.</param>
/// <param name="make">Makes the module, and a function that returns the loss. The argument is whether embeddings have sparse gradients.</param>
internal sealed class TorchModel(string name, long count, int tensors, Func<bool, (nn.Module Module, Func<Tensor> Loss)> make)
{
    private const long Seed = 1;

    /// <summary>A multilayer perceptron for the digits: 64, 32 and 10 units.</summary>
    public static TorchModel Mlp { get; } = new("an MLP", 2_410, 4, _ =>
    {
        var module = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10));
        Tensor inputs = rand(64, 64);
        Tensor labels = randint(10, [64]);
        return (module, () => nn.functional.cross_entropy(module.call(inputs), labels));
    });

    /// <summary>A transformer with 4 layers, width 256 and 96 tokens.</summary>
    public static TorchModel Transformer { get; } = new("a transformer", 3_208_704, 52, _ =>
    {
        var module = new TransformerModule();
        Tensor inputs = randint(TransformerModule.Tokens, [4, 32]);
        Tensor labels = randint(TransformerModule.Tokens, [4 * 32]);
        return (module, () => nn.functional.cross_entropy(module.forward(inputs), labels));
    });

    /// <summary>One tensor.</summary>
    public static TorchModel OneTensor { get; } = new("one tensor", 10_000_000, 1, _ =>
    {
        var module = new OneTensorModule(10_000_000);
        Tensor inputs = randn(10_000_000);
        return (module, () => module.forward(inputs).sum());
    });

    /// <summary>An embedding of 100,000 rows of 64, of which a step uses 512.</summary>
    public static TorchModel Embedding { get; } = new("an embedding, 512 rows", 6_400_000, 1, isSparse =>
    {
        Layers.Embedding module = nn.Embedding(100_000, 64, sparse: isSparse);
        Tensor rows = randperm(100_000).narrow(0, 0, 512);
        return (module, () => module.call(rows).square().sum());
    });

    public static IReadOnlyList<TorchModel> All { get; } = [Mlp, Transformer, OneTensor, Embedding];

    public string Name => name;

    public long Count => count;

    public int Tensors => tensors;

    /// <summary>Makes the module. All modules of a model have the same weights and inputs.</summary>
    public (nn.Module Module, Action Backward) Make(bool sparse = false)
    {
        manual_seed(Seed);
        (nn.Module module, Func<Tensor> loss) = make(sparse);
        void Backward()
        {
            using DisposeScope scope = NewDisposeScope();
            loss().backward();
        }

        return (module, Backward);
    }

#pragma warning disable CA2213 // The base class disposes of the registered components.
    private sealed class TransformerModule : nn.Module<Tensor, Tensor>
    {
        public const int Tokens = 96;
        private const int Width = 256;

        private readonly Layers.Embedding _embedding = nn.Embedding(Tokens, Width);
        private readonly Layers.ModuleList<Layers.TransformerEncoderLayer> _layers =
            new([.. Enumerable.Range(0, 4).Select(_ => nn.TransformerEncoderLayer(Width, 4, 1_024, dropout: 0))]);

        private readonly Layers.LayerNorm _norm = nn.LayerNorm(Width);
        private readonly Layers.Linear _head = nn.Linear(Width, Tokens, hasBias: false);

        public TransformerModule()
            : base("transformer") => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Tensor hidden = _embedding.call(input);
            foreach (Layers.TransformerEncoderLayer layer in _layers)
            {
                hidden = layer.call(hidden, null!, null!);
            }

            return _head.call(_norm.call(hidden)).flatten(0, 1);
        }
    }

    private sealed class OneTensorModule : nn.Module<Tensor, Tensor>
    {
        private readonly Layers.Parameter _weight;

        public OneTensorModule(long length)
            : base("one")
        {
            _weight = nn.Parameter(randn(length));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _weight * input;
    }
#pragma warning restore CA2213
}
