using System.Buffers;
using System.Runtime.CompilerServices;

namespace Optimizers.TorchSharp.Tests;

public sealed unsafe class TensorMemoryTests
{
    private const int Large = 10_000;

    [TorchFact]
    public void MemoryAndTensorShareTheirElements()
    {
        using Tensor tensor = torch.tensor([1f, 2f, 3f, 4f]).reshape(2, 2);
        using var memory = new TensorMemory(tensor);
        memory.Memory.ToArray().Should().Equal(1, 2, 3, 4);

        memory.Memory.Span[2] = 30;
        tensor[1, 0].ToSingle().Should().Be(30);

        tensor.mul_(2);
        memory.GetSpan().ToArray().Should().Equal(2, 4, 60, 8);
        memory.Address[3].Should().Be(8);
    }

    [TorchFact]
    public void ParameterIsWrittenInPlace()
    {
        using var linear = torch.nn.Linear(2, 1, hasBias: false);
        using var memory = new TensorMemory(linear.weight);
        new[] { 3f, -1f }.CopyTo(memory.Memory);
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
        memory.Memory.ToArray().Should().Equal(3, 4, 5, 6);
    }

    [TorchFact]
    public void EmptyTensorHasNoElements()
    {
        using Tensor tensor = torch.empty(0, 3);
        using var memory = new TensorMemory(tensor);
        memory.Memory.Length.Should().Be(0);
    }

    [TorchFact]
    public void ScalarHasOneElement()
    {
        using Tensor tensor = torch.tensor(5f);
        using var memory = new TensorMemory(tensor);
        memory.Memory.ToArray().Should().Equal(5);
    }

    /// <summary>More than 2³¹ − 1 bytes: Tensor.bytes ends there. Only the pages that are written take memory.</summary>
    [TorchFact]
    public void TensorOfMoreThanTwoGibibytesIsUsedInPlace()
    {
        const int Length = (1 << 29) + 5;
        using Tensor whole = torch.empty(Length + 3);
        using Tensor view = whole.narrow(0, 3, Length);
        using var memory = new TensorMemory(view);
        memory.GetSpan().Length.Should().Be(Length);

        memory.GetSpan()[0] = 7;
        memory.GetSpan()[^1] = 8;
        whole[3].item<float>().Should().Be(7);
        whole[Length + 2].item<float>().Should().Be(8);
    }

    public static TheoryData<string> Types => ["Float64", "Float16", "BFloat16", "Int32", "Bool"];

    [TorchTheory]
    [MemberData(nameof(Types))]
    public void OtherTypeIsRefused(string type)
    {
        using Tensor tensor = torch.zeros(3, dtype: Enum.Parse<torch.ScalarType>(type));
        Refused(tensor).Should().Be($"blocks.0.weight has the type {type}. Only Float32 tensors can be used in place: convert it with .to(torch.float32).");
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
        memory.GetSpan().IndexOfAnyExcept(5f).Should().Be(-1);
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
        memory.GetSpan().IndexOfAnyExcept(5f).Should().Be(-1);
        ((IDisposable)memory).Dispose();
    }

    /// <summary>A pinned handle is enough to keep the memory.</summary>
    [TorchFact]
    public void MemoryLivesAsLongAsAHandle()
    {
        using MemoryHandle handle = PinnedMemory();
        Reuse();
        new ReadOnlySpan<float>(handle.Pointer, Large - 1).IndexOfAnyExcept(5f).Should().Be(-1);
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
        Memory<float> view = memory.Memory;
        ((IDisposable)memory).Dispose();
        ((IDisposable)memory).Dispose();
        Action use = () => view.Span.Clear();
        use.Should().Throw<ObjectDisposedException>();
        Action pin = () => memory.Pin();
        pin.Should().Throw<ObjectDisposedException>();
        tensor.sum().item<float>().Should().Be(0);
    }

    [TorchTheory]
    [InlineData(-1)]
    [InlineData(4)]
    public void PinOutsideThrows(int index)
    {
        using Tensor tensor = torch.zeros(3);
        using var memory = new TensorMemory(tensor);
        Action pin = () => memory.Pin(index);
        pin.Should().Throw<ArgumentOutOfRangeException>().WithMessage($"elementIndex = {index} is outside [0, 3].*");
    }

    // Not inlined: no local of these methods keeps anything alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TensorMemory OfDisposedModule()
    {
        var linear = torch.nn.Linear(Large, 1, hasBias: false);
        var memory = new TensorMemory(linear.weight);
        memory.GetSpan().Fill(5);
        linear.Dispose();
        return memory;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MemoryHandle PinnedMemory() => new TensorMemory(torch.full(Large, 5f)).Pin(1);

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
