using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchDigits;

/// <summary>The networks. Each takes images of the shape [n, 1, 8, 8] and returns the scores of the ten digits, [n, 10].</summary>
internal static class Models
{
    /// <summary>The names for the command line.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cnn", "vit"];

    /// <summary>Creates a network. Torch's generator gives the initial weights.</summary>
    public static Module<Tensor, Tensor> Create(string name) => name switch
    {
        "cnn" => ConvolutionalNetwork(),
        "vit" => new VisionTransformer(width: 48, depth: 3, heads: 4),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, $"name = \"{name}\" must be one of {string.Join(", ", Names)}."),
    };

    private static Sequential ConvolutionalNetwork() => Sequential(
        ("conv1", Conv2d(1, 16, kernel_size: 3, padding: 1)),
        ("norm1", BatchNorm2d(16)),
        ("relu1", ReLU()),
        ("conv2", Conv2d(16, 32, kernel_size: 3, padding: 1)),
        ("norm2", BatchNorm2d(32)),
        ("relu2", ReLU()),
        ("pool2", MaxPool2d(2)),
        ("conv3", Conv2d(32, 64, kernel_size: 3, padding: 1)),
        ("norm3", BatchNorm2d(64)),
        ("relu3", ReLU()),
        ("pool3", MaxPool2d(2)),
        ("flatten", Flatten()),
        ("dropout", Dropout(0.3)),
        ("output", Linear(64 * 2 * 2, 10)));
}

/// <summary>A vision transformer: Dosovitskiy et al. 2020, arXiv 2010.11929. It averages over the patches and has no class token.</summary>
internal sealed class VisionTransformer : Module<Tensor, Tensor>
{
    private const int Patch = 2;
    private const int Patches = 8 / Patch * (8 / Patch);

    private readonly Conv2d _patches;
    private readonly Parameter _positions;
    private readonly Sequential _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _output;

    public VisionTransformer(int width, int depth, int heads)
        : base("vit")
    {
        _patches = Conv2d(1, width, kernel_size: Patch, stride: Patch);
        _positions = Parameter(randn(Patches, width) * 0.02);
        _blocks = Sequential(Enumerable.Range(0, depth).Select(i => ($"{i}", (Module<Tensor, Tensor>)new TransformerBlock(width, heads))));
        _norm = LayerNorm(width);
        _output = Linear(width, 10);

        // RegisterComponents would use the names of the fields, with their underscores.
        register_module("patches", _patches);
        register_parameter("positions", _positions);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("output", _output);
    }

    public override Tensor forward(Tensor input)
    {
        // [n, width, 4, 4] to [n, 16, width]
        Tensor x = _patches.forward(input).flatten(2).transpose(1, 2) + _positions;
        return _output.forward(_norm.forward(_blocks.forward(x)).mean([1]));
    }
}

/// <summary>Self-attention and two dense layers, each with a layer norm before it and a residual connection around it.</summary>
internal sealed class TransformerBlock : Module<Tensor, Tensor>
{
    private const double DropoutProbability = 0.1;

    private readonly int _heads;
    private readonly LayerNorm _attentionNorm;
    private readonly Linear _queryKeyValue;
    private readonly Linear _projection;
    private readonly LayerNorm _denseNorm;
    private readonly Sequential _dense;
    private readonly Dropout _dropout;

    public TransformerBlock(int width, int heads)
        : base("block")
    {
        _heads = heads;
        _attentionNorm = LayerNorm(width);
        _queryKeyValue = Linear(width, 3 * width);
        _projection = Linear(width, width);
        _denseNorm = LayerNorm(width);
        _dense = Sequential(("in", Linear(width, 4 * width)), ("gelu", GELU()), ("out", Linear(4 * width, width)));
        _dropout = Dropout(DropoutProbability);
        register_module("attention_norm", _attentionNorm);
        register_module("query_key_value", _queryKeyValue);
        register_module("projection", _projection);
        register_module("dense_norm", _denseNorm);
        register_module("dense", _dense);
        register_module("dropout", _dropout);
    }

    public override Tensor forward(Tensor input)
    {
        Tensor x = input + _dropout.forward(Attention(_attentionNorm.forward(input)));
        return x + _dropout.forward(_dense.forward(_denseNorm.forward(x)));
    }

    private Tensor Attention(Tensor x)
    {
        (long n, long patches, long width) = (x.shape[0], x.shape[1], x.shape[2]);

        // Three tensors of the shape [n, heads, patches, width / heads]
        Tensor[] parts = _queryKeyValue.forward(x).view(n, patches, 3, _heads, width / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        Tensor attended = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
        return _projection.forward(attended.transpose(1, 2).reshape(n, patches, width));
    }
}
