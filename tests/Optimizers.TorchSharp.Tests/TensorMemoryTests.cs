using System.Runtime.CompilerServices;

namespace Optimizers.TorchSharp.Tests;

public sealed unsafe class TensorMemoryTests
{
    private const int Large = 10_000;

    private static Span<float> Floats(TensorMemory memory) => new(memory.Address, memory.Length);

    [TorchFact]
    public void MemoryAndTensorShareTheirElements()
    {
        using Tensor tensor = torch.tensor([1f, 2f, 3f, 4f]).reshape(2, 2);
        using var memory = new TensorMemory(tensor);
        memory.Format.Should().Be(NumberFormat.Float32);
        Floats(memory).ToArray().Should().Equal(1, 2, 3, 4);

        Floats(memory)[2] = 30;
        tensor[1, 0].ToSingle().Should().Be(30);

        tensor.mul_(2);
        Floats(memory).ToArray().Should().Equal(2, 4, 60, 8);
    }

    [TorchFact]
    public void SixteenBitElementsAreShared()
    {
        using Tensor brain = torch.tensor([1f, -2f]).to(torch.bfloat16), half = torch.tensor([1f, -2f]).to(torch.float16);
        using TensorMemory ofBrain = new(brain), ofHalf = new(half);
        (ofBrain.Format, ofHalf.Format).Should().Be((NumberFormat.BFloat16, NumberFormat.Half));
        new Span<ushort>(ofBrain.Address, 2).ToArray().Should().Equal(0x3F80, 0xC000);
        new Span<ushort>(ofHalf.Address, 2).ToArray().Should().Equal(0x3C00, 0xC000);
        new Span<Half>(ofHalf.Address, 2)[1] = (Half)7;
        half[1].to(torch.float32).item<float>().Should().Be(7);
    }

    [TorchFact]
    public void ParameterIsWrittenInPlace()
    {
        using var linear = torch.nn.Linear(2, 1, hasBias: false);
        using var memory = new TensorMemory(linear.weight);
        new[] { 3f, -1f }.CopyTo(Floats(memory));
        using Tensor x = torch.tensor([1f, 1f]);
        using Tensor y = linear.forward(x);
        y.item<float>().Should().Be(2);
    }

    [TorchFact]
    public void ViewBeginsAtItsOwnFirstElement()
    {
        using Tensor whole = torch.arange(10, dtype: torch.float32);
        using Tensor view = whole.narrow(0, 3, 4);
        using var memory = new TensorMemory(view);
        Floats(memory).ToArray().Should().Equal(3, 4, 5, 6);
    }

    [TorchFact]
    public void EmptyTensorHasNoElements()
    {
        using Tensor tensor = torch.empty(0, 3);
        using var memory = new TensorMemory(tensor);
        (memory.Length, (nint)memory.Address).Should().Be((0, 0));
    }

    [TorchFact]
    public void ScalarHasOneElement()
    {
        using Tensor tensor = torch.tensor(5f);
        using var memory = new TensorMemory(tensor);
        Floats(memory).ToArray().Should().Equal(5);
    }

    /// <summary>More than 2³¹ − 1 bytes: Tensor.bytes ends there. Only the pages that are written take memory.</summary>
    [TorchFact]
    public void TensorOfMoreThanTwoGibibytesIsUsedInPlace()
    {
        const int Length = (1 << 29) + 5;
        using Tensor whole = torch.empty(Length + 3);
        using Tensor view = whole.narrow(0, 3, Length);
        using var memory = new TensorMemory(view);
        memory.Length.Should().Be(Length);

        Floats(memory)[0] = 7;
        Floats(memory)[^1] = 8;
        whole[3].item<float>().Should().Be(7);
        whole[Length + 2].item<float>().Should().Be(8);
    }

    public static TheoryData<string> Types => ["Float64", "Int32", "Int16", "Bool"];

    [TorchTheory]
    [MemberData(nameof(Types))]
    public void OtherTypeIsRefused(string type)
    {
        using Tensor tensor = torch.zeros(3, dtype: Enum.Parse<torch.ScalarType>(type));
        Refused(tensor).Should().Be(
            $"blocks.0.weight has the type {type}. Only tensors of the types Float32, BFloat16 and Float16 can be used in place: convert it with .to(torch.float32).");
    }

    [TorchFact]
    public void SparseTensorIsRefused()
    {
        using Tensor dense = torch.eye(3);
        using Tensor tensor = dense.to_sparse();
        Refused(tensor).Should().Be("blocks.0.weight is sparse. Only dense tensors can be used in place.");
    }

    [TorchFact]
    public void TransposedTensorIsRefused()
    {
        using Tensor tensor = torch.zeros(2, 3).t();
        Refused(tensor).Should().Be(
            "blocks.0.weight with the shape [3, 2] is not contiguous. Only contiguous tensors can be used in place: copy it with .contiguous().");
    }

    [TorchFact]
    public void TensorOnAnotherDeviceIsRefused()
    {
        using Tensor tensor = torch.zeros(3, device: torch.device("meta"));
        Refused(tensor).Should().Be(
            "blocks.0.weight is on the device meta. Only tensors on the CPU can be used in place: move it with .to(torch.CPU).");
    }

    [TorchFact]
    public void DisposedTensorIsRefused()
    {
        Tensor tensor = torch.zeros(3);
        tensor.Dispose();
        Refused(tensor).Should().Be("blocks.0.weight is disposed.");
    }

    private static string Refused(Tensor tensor)
    {
        Func<TensorMemory> make = () => new TensorMemory(tensor, "blocks.0.weight");
        ArgumentException exception = make.Should().Throw<ArgumentException>().Which;
        exception.ParamName.Should().Be("tensor");
        return exception.Message.Replace(" (Parameter 'tensor')", "", StringComparison.Ordinal);
    }

    [TorchFact]
    public void MemoryOutlivesItsModule()
    {
        using TensorMemory memory = OfDisposedModule();
        Reuse();
        Floats(memory).IndexOfAnyExcept(5f).Should().Be(-1);
    }

    [TorchFact]
    public void MemoryOutlivesADisposeScope()
    {
        TensorMemory memory;
        using (torch.NewDisposeScope())
        {
            memory = new TensorMemory(torch.full(Large, 5f));
        }

        Reuse();
        Floats(memory).IndexOfAnyExcept(5f).Should().Be(-1);
        memory.Dispose();
    }

    [TorchFact]
    public void NothingIsLeftInADisposeScope()
    {
        using Tensor tensor = torch.zeros(3);
        using var scope = torch.NewDisposeScope();
        using var memory = new TensorMemory(tensor);
        scope.DisposablesCount.Should().Be(0);
    }

    [TorchFact]
    public void UseAfterDisposalThrows()
    {
        using Tensor tensor = torch.zeros(3);
        var memory = new TensorMemory(tensor);
        memory.Dispose();
        memory.Dispose();
        memory.Invoking(disposed => disposed.Numbers).Should().Throw<ObjectDisposedException>();
        tensor.sum().item<float>().Should().Be(0);
    }

    // Not inlined: no local of this method keeps anything alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TensorMemory OfDisposedModule()
    {
        var linear = torch.nn.Linear(Large, 1, hasBias: false);
        var memory = new TensorMemory(linear.weight);
        Floats(memory).Fill(5);
        linear.Dispose();
        return memory;
    }

    // Collects what nobody holds, and fills new tensors of the same size, which get its memory.
    private static void Reuse()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        for (int i = 0; i < 10; i++)
        {
            torch.full(Large, -1f).sum().Dispose();
        }
    }
}
