using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Embeddings with sparse gradients: a step updates the rows that were looked up.</summary>
public sealed class SparseGradientTests
{
    private static readonly SparseAdamOptions _sparseAdam = new() { LearningRate = 0.1 };

    private static float[] Table => Draw.Floats(7, 10 * 3);

    private static Tensor TableTensor() => torch.tensor(Table).reshape(10, 3);

    /// <summary>Rows in any order, with repetitions, as torch gives them: not coalesced.</summary>
    private static readonly long[][] _lookups = [[4, 1, 4, 9], [0], [9, 9, 9], [2, 3, 5, 7], [7, 5, 3, 2]];

    // The gradient of Σ row · weight, where the weight of a lookup differs from the others.
    private static Tensor LossOf(Tensor rows) => (rows * torch.arange(1, rows.numel() + 1, dtype: torch.float32).reshape(rows.shape)).sum();

    private static float[] ByHand(IOptimizerOptions options, Func<long[], float[]>? gradient = null)
    {
        using var set = new ParameterSet();
        Table.CopyTo(set.AddTable("weight", 10, 3).Values);
        var optimizer = new ModelOptimizer(set, options);
        foreach (long[] rows in _lookups)
        {
            set["weight"].SetRowGradients(rows, gradient?.Invoke(rows) ?? [.. Enumerable.Range(1, rows.Length * 3).Select(value => (float)value)]);
            optimizer.Step();
        }

        return set["weight"].Values.ToArray();
    }

    [TorchFact]
    public void SparseEmbeddingIsUpdatedByRows()
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(TableTensor(), freeze: false, sparse: true);
        using var optimizer = new ModuleOptimizer(embedding, _sparseAdam);
        optimizer.Parameters["weight"].IsTable.Should().BeTrue();
        foreach (long[] rows in _lookups)
        {
            LossOf(embedding.call(torch.tensor(rows))).backward();
            using (Tensor gradient = embedding.weight!.grad!)
            {
                gradient.is_sparse.Should().BeTrue();
                gradient.SparseIndices.data<long>().ToArray().Should().Equal(rows, "torch neither sorts rows nor adds their gradients");
            }

            optimizer.Step().Updated.Should().Be(1);
            embedding.weight!.grad.Should().BeNull();
        }

        float[] trained = embedding.weight!.Values();
        trained.ShouldHaveTheBitsOf(ByHand(_sparseAdam), "weight");
        trained.AsSpan(6 * 3, 3).ToArray().Should().Equal(Table.AsSpan(6 * 3, 3).ToArray(), "row 6 was never looked up");
    }

    [TorchFact]
    public void SparseEmbeddingBagIsUpdatedByRows()
    {
        using EmbeddingBag bag = torch.nn.EmbeddingBag_from_pretrained(TableTensor(), freeze: false, mode: EmbeddingBagMode.Sum, sparse: true);
        using var optimizer = new ModuleOptimizer(bag, _sparseAdam);
        optimizer.Parameters["weight"].IsTable.Should().BeTrue();
        foreach (long[] rows in _lookups)
        {
            LossOf(bag.call(torch.tensor(rows), torch.arange(rows.Length), null!)).backward();
            bag.weight!.grad!.is_sparse.Should().BeTrue();
            optimizer.Step();
        }

        bag.weight!.Values().ShouldHaveTheBitsOf(ByHand(_sparseAdam), "weight");
    }

    /// <summary>SGD moves each row by the sum of its gradients, which can be computed by hand.</summary>
    [TorchFact]
    public void RepeatedRowsAreAdded()
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(torch.zeros(10, 3), freeze: false, sparse: true);
        using var optimizer = new ModuleOptimizer(embedding, new SgdOptions { LearningRate = 1 });
        LossOf(embedding.call(torch.tensor([4L, 1, 4, 9]))).backward();
        optimizer.Step();
        float[] expected = new float[30];
        new[] { -8f, -10, -12 }.CopyTo(expected, 12);
        new[] { -4f, -5, -6 }.CopyTo(expected, 3);
        new[] { -10f, -11, -12 }.CopyTo(expected, 27);
        embedding.weight!.Values().Should().Equal(expected);
    }

    /// <summary>
    /// TorchSharp 0.107 lists a tensor among the parameters of such an embedding that the forward pass does not use, so its own
    /// optimizers do not train it.
    /// </summary>
    [TorchTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void PretrainedEmbeddingIsTrained(bool sparse)
    {
        using var module = new Parts(torch.nn.Embedding_from_pretrained(TableTensor(), freeze: false, sparse: sparse));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        optimizer.Parameters["0.weight"].Values.ToArray().Should().Equal(Table);
        for (int step = 1; step <= 8; step++)
        {
            module.call(torch.tensor([4L])).sum().backward();
            optimizer.Step().Updated.Should().Be(1);
        }

        module.call(torch.tensor([4L])).Values().Should().Equal(Table.AsSpan(12, 3).ToArray().Select(value =>
        {
            for (int step = 1; step <= 8; step++)
            {
                value -= 1;
            }

            return value;
        }));
        optimizer.AddNewParameters().Should().Be(0);
    }

    [TorchFact]
    public void EmbeddingInsideAModuleIsFound()
    {
        using var module = new Parts(
            torch.nn.Embedding(5, 2, sparse: true), torch.nn.Embedding(5, 2), torch.nn.EmbeddingBag(5, 2, sparse: true, mode: EmbeddingBagMode.Sum));
        using var optimizer = new ModuleOptimizer(module, _sparseAdam);
        optimizer.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.IsTable).Should().Equal(
            new Dictionary<string, bool> { ["0.weight"] = true, ["1.weight"] = false, ["2.weight"] = true });
    }

    /// <summary>A table that is also the weight of a linear layer has a gradient in every row.</summary>
    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void DenseGradientOfATableUpdatesAllRows(bool zeroes)
    {
        Embedding embedding = torch.nn.Embedding_from_pretrained(TableTensor(), freeze: false, sparse: true);
        using var module = new Parts(embedding);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.5 }, new ModelOptimizerOptions { ZeroGradients = zeroes });
        float[] expected = Table;
        foreach (long[] rows in _lookups)
        {
            TorchParameter weight = embedding.weight!;
            (embedding.call(torch.tensor(rows)).sum() + (2 * weight).sum()).backward();
            float[] gradient = weight.Gradient()!;
            weight.grad!.is_sparse.Should().BeFalse();
            gradient.Should().OnlyContain(value => value >= 2);
            expected = [.. expected.Zip(gradient, (value, slope) => value - (0.5f * slope))];
            optimizer.Step();
            embedding.weight!.Values().ShouldHaveTheBitsOf(expected, "weight");
        }
    }

    [TorchFact]
    public void UnregisteredEmbeddingIsRefusedWithTheOption()
    {
        using var module = new Lookup(TableTensor());
        using var optimizer = new ModuleOptimizer(module, _sparseAdam);
        LossOf(module.call(torch.tensor([4L, 1]))).backward();
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>().WithMessage(
            "The gradient of \"table\" is sparse, but the optimizer expected a dense one. Create it with new ModuleOptions { SparseGradients = name => name == \"table\" }.");
        module.table.Values().Should().Equal(Table);
        module.table.grad.Should().NotBeNull("a refused step leaves gradients as they are");
    }

    [TorchFact]
    public void UnregisteredEmbeddingWorksWithTheOption()
    {
        using var module = new Lookup(TableTensor());
        using var optimizer = new ModuleOptimizer(
            module, _sparseAdam, moduleOptions: new ModuleOptions { SparseGradients = name => name == "table" });
        foreach (long[] rows in _lookups)
        {
            LossOf(module.call(torch.tensor(rows))).backward();
            optimizer.Step();
        }

        module.table.Values().ShouldHaveTheBitsOf(ByHand(_sparseAdam), "table");
    }

    /// <summary>Sorted rows without repetitions are read in place. A clip outside a step changes torch's gradient.</summary>
    [TorchFact]
    public void SortedRowsCanBeClippedAndUsed()
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(TableTensor(), freeze: false, sparse: true);
        using var optimizer = new ModuleOptimizer(embedding, new SgdOptions { LearningRate = 1 });
        using Tensor values = torch.tensor([1f, 2, 3, 4, 5, 6]).reshape(2, 3);
        embedding.weight!.grad = torch.sparse_coo_tensor(torch.tensor([2L, 5]).reshape(1, 2), values, [10, 3]);
        new ClipByValue { Limit = 4 }.Apply(optimizer.Parameters);
        using (Tensor clipped = embedding.weight!.grad!)
        {
            clipped.SparseIndices.data<long>().ToArray().Should().Equal(2, 5);
            clipped.SparseValues.Values().Should().Equal(1, 2, 3, 4, 4, 4);
        }

        optimizer.Step();
        float[] expected = Table;
        (expected[6], expected[7], expected[8]) = (expected[6] - 1, expected[7] - 2, expected[8] - 3);
        (expected[15], expected[16], expected[17]) = (expected[15] - 4, expected[16] - 4, expected[17] - 4);
        embedding.weight!.Values().ShouldHaveTheBitsOf(expected, "weight");
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClipReachesRows(bool outsideTheStep)
    {
        var clip = new ClipByValue { Limit = 2 };
        using Embedding embedding = torch.nn.Embedding_from_pretrained(TableTensor(), freeze: false, sparse: true);
        using var optimizer = new ModuleOptimizer(
            embedding, new SgdOptions { LearningRate = 1 }, outsideTheStep ? null : new ModelOptimizerOptions { Clip = clip });
        LossOf(embedding.call(torch.tensor([4L, 1, 4]))).backward();
        if (outsideTheStep)
        {
            clip.Apply(optimizer.Parameters);
        }

        optimizer.Step();
        float[] moved = [.. Table.Zip(embedding.weight!.Values(), (before, after) => before - after)];
        moved[3].Should().BeApproximately(2, 1e-6f);
        moved[12].Should().BeApproximately(2, 1e-6f, "the gradients 1 and 7 of the row are added before they are limited");
    }

    /// <summary>The constructor looks up row 0. A lookup with max_norm scales the row.</summary>
    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ConstructorChangesNoEmbedding(bool sparse)
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(10 * TableTensor(), freeze: false, max_norm: 1, sparse: sparse);
        using EmbeddingBag bag = torch.nn.EmbeddingBag_from_pretrained(10 * TableTensor(), freeze: false, max_norm: 1, sparse: sparse, mode: EmbeddingBagMode.Sum);
        using var module = new Parts(embedding, bag);
        float[] before = module.AllValues();
        embedding.weight!.grad = torch.full([10, 3], 7f);
        byte[] generator = torch.random.get_rng_state().bytes.ToArray();
        using var optimizer = new ModuleOptimizer(module, _sparseAdam);
        module.AllValues().ShouldHaveTheBitsOf(before, "weights");
        embedding.weight!.Gradient().Should().OnlyContain(value => value == 7);
        bag.weight!.grad.Should().BeNull();
        torch.random.get_rng_state().bytes.ToArray().Should().Equal(generator);
        optimizer.Parameters[0].IsTable.Should().Be(sparse);
    }

    /// <summary>The constructor is no forward pass of the user's: hooks are not called.</summary>
    [TorchFact]
    public void ConstructorCallsNoHooks()
    {
        using Embedding embedding = torch.nn.Embedding(4, 2, sparse: true);
        int calls = 0;
        embedding.register_forward_hook((_, _, output) =>
        {
            calls++;
            return output;
        });
        using var optimizer = new ModuleOptimizer(embedding, _sparseAdam);
        calls.Should().Be(0);
    }

    /// <summary>Without gradient mode nothing can be differentiated, also if the caller has switched it off.</summary>
    [TorchFact]
    public void EmbeddingsAreFoundWithoutGradientMode()
    {
        using Embedding embedding = torch.nn.Embedding(4, 2, sparse: true);
        using IDisposable withoutGraph = torch.no_grad();
        using var optimizer = new ModuleOptimizer(embedding, _sparseAdam);
        optimizer.Parameters[0].IsTable.Should().BeTrue();
    }

    [TorchFact]
    public void FrozenEmbeddingIsLeftOut()
    {
        using var module = new Parts(torch.nn.Embedding_from_pretrained(TableTensor(), sparse: true), torch.nn.Linear(3, 1));
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions());
        optimizer.Parameters.Should().HaveCount(2);
    }

    [TorchFact]
    public void OptimizerThatNeedsWholeMatricesRefusesTheTable()
    {
        using Embedding embedding = torch.nn.Embedding(4, 2, sparse: true);
        Action create = () => _ = new ModuleOptimizer(embedding, new MuonOptions());
        create.Should().Throw<ArgumentException>().WithMessage("*\"weight\"*");
    }

    /// <summary>Its embedding is not registered, so the optimizer cannot find it; its weight is.</summary>
    private sealed class Lookup : Network
    {
        public readonly TorchParameter table;

        private readonly Embedding[] _embedding;

        public Lookup(Tensor values)
            : base("lookup")
        {
            _embedding = [torch.nn.Embedding_from_pretrained(values, freeze: false, sparse: true)];
            table = _embedding[0].weight!;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _embedding[0].call(input);
    }
}
