using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp.Tests;

/// <summary>The modules that tests train. Weights depend on the seed only.</summary>
internal static class Networks
{
    public static MlpNetwork Mlp(int seed = 1)
    {
        torch.manual_seed(seed);
        return new MlpNetwork();
    }

    public static CnnNetwork Cnn(int seed = 1, double dropout = 0)
    {
        torch.manual_seed(seed);
        return new CnnNetwork(dropout);
    }

    public static Network Of(string name, int seed = 1) => name switch
    {
        "mlp" => Mlp(seed),
        "cnn" => Cnn(seed),
        _ => throw new ArgumentException($"There is no network \"{name}\".", nameof(name)),
    };

    public static Network Of(string name, torch.ScalarType type, int seed = 1)
    {
        Network network = Of(name, seed);
        network.to(type);
        return network;
    }

    /// <summary>A module with one parameter, the vector w.</summary>
    public static OneParameter One(params float[] values) => new(torch.tensor(values));

    /// <summary>The loss of a batch: the batches of the numbers 0, 1, … repeat after 8.</summary>
    public static Tensor Loss(Network network, int batch, torch.ScalarType type = torch.ScalarType.Float32, int size = 16)
    {
        float[] numbers = Draw.Floats(batch % 8, size * MlpNetwork.Inputs);
        using Tensor x = torch.tensor(numbers).reshape(size, MlpNetwork.Inputs).to(type);
        using Tensor y = torch.tensor([.. Enumerable.Range(0, size).Select(row => (long)Math.Floor(2 + (2 * numbers[row * MlpNetwork.Inputs])))]);
        return torch.nn.functional.cross_entropy(network.call(x), y);
    }

    /// <summary>Computes the gradients of a batch, and returns the loss.</summary>
    public static double Backward(Network network, int batch)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor loss = Loss(network, batch, network.parameters().First().dtype);
        loss.backward();
        return loss.to(torch.float32).item<float>();
    }

    /// <summary>The values of a tensor, row-major, as floats.</summary>
    public static float[] Values(this Tensor tensor)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return tensor.detach().to_dense().to(torch.float32).contiguous().data<float>().ToArray();
    }

    /// <summary>The gradient of a tensor, row-major; null if it has none.</summary>
    public static float[]? Gradient(this Tensor tensor)
    {
        using Tensor? gradient = tensor.grad;
        return gradient?.Values();
    }

    /// <summary>The values of all parameters and floating-point buffers, one after the other.</summary>
    public static float[] AllValues(this TorchModule module) =>
    [
        .. module.named_parameters().SelectMany(pair => pair.parameter.Values()),
        .. module.named_buffers().Where(pair => pair.buffer.is_floating_point()).SelectMany(pair => pair.buffer.Values()),
    ];
}

/// <summary>Two layers; the function is smooth.</summary>
internal sealed class MlpNetwork : Network
{
    public const int Inputs = 36, Classes = 4;

    public readonly Linear hidden = torch.nn.Linear(Inputs, 24), output = torch.nn.Linear(24, Classes);

    public MlpNetwork()
        : base("mlp") => RegisterComponents();

    public override Tensor forward(Tensor input) => output.call(torch.tanh(hidden.call(input)));
}

/// <summary>
/// Two convolutions with BatchNorm, on images of 6 × 6. The convolutions have no bias: BatchNorm makes the gradient of such a bias
/// zero but for rounding errors, and Adam would divide these by their own size.
/// </summary>
internal sealed class CnnNetwork : Network
{
    public readonly Conv2d first = torch.nn.Conv2d(1, 6, 3, padding: 1, bias: false), second = torch.nn.Conv2d(6, 8, 3, padding: 1, bias: false);
    public readonly BatchNorm2d firstNorm = torch.nn.BatchNorm2d(6), secondNorm = torch.nn.BatchNorm2d(8);
    public readonly Dropout dropout;
    public readonly Linear output = torch.nn.Linear(8 * 9, MlpNetwork.Classes);

    public CnnNetwork(double dropout)
        : base("cnn")
    {
        this.dropout = torch.nn.Dropout(dropout);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor one = torch.nn.functional.silu(firstNorm.call(first.call(input.reshape(-1, 1, 6, 6))));
        Tensor two = torch.nn.functional.silu(secondNorm.call(second.call(one)));
        return output.call(dropout.call(torch.nn.functional.avg_pool2d(two, 2).flatten(1)));
    }
}

/// <summary>One parameter w; the output is w · input.</summary>
internal sealed class OneParameter : Network
{
    public TorchParameter w;

    public OneParameter(Tensor values, bool requiresGradient = true)
        : base("one")
    {
        w = new TorchParameter(values, requiresGradient);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => w * input;
}

/// <summary>Modules under the names 0, 1, …, which a test calls itself.</summary>
internal sealed class Parts : Network
{
    private readonly TorchModule[] _modules;

    public Parts(params TorchModule[] modules)
        : base("parts")
    {
        _modules = modules;
        for (int i = 0; i < modules.Length; i++)
        {
            Add(i.ToString(System.Globalization.CultureInfo.InvariantCulture), modules[i]);
        }
    }

    public void Add(string name, TorchModule module) => register_module(name, module);

    public void AddParameter(string name, TorchParameter parameter) => register_parameter(name, parameter);

    public void AddBuffer(string name, Tensor buffer, bool persistent = true) => register_buffer(name, buffer, persistent);

    public override Tensor forward(Tensor input) => _modules.Cast<Network>().Aggregate(input, (value, module) => module.call(value));
}
