using System.Globalization;

namespace Optimizers;

/// <summary>
/// The memory of a training run, before it starts: weights, gradients, master copies, each state slot and workspace, in bytes. The plan
/// asks the definition of the optimizer for its slots, so it works for every optimizer of the library and for your own.
/// </summary>
/// <remarks>
/// <para><see cref="StateBytes"/> equals <see cref="ModelOptimizer.StateBytes"/> of the same model, to the byte. The numbers are
/// those of the elements; alignment adds a few kB for each buffer of a tensor.</para>
/// <para>The plan does not count activations, training data, averages of weights, and what <see cref="Lookahead"/>, <see cref="Sam"/>
/// and a <see cref="GradientAccumulator"/> store.</para>
/// </remarks>
/// <example>
/// <code>
/// MemoryPlan plan = MemoryPlan.Of(7_000_000_000, new MemoryPlanOptions { Optimizer = new AdamWOptions() });
/// Console.WriteLine(plan);               // a table
/// Console.WriteLine(plan.TotalBytes);    // 112000000000
/// </code>
/// </example>
public sealed class MemoryPlan
{
    // With these limits no sum exceeds a long.
    internal const long MostElements = 10_000_000_000_000;
    internal const int MostShards = 65_536;

    // A tensor with more elements than an int can count is planned in pieces. Blocks of state divide a piece.
    private const long Piece = 1 << 30;

    // The matrices that stand for a number of parameters if the optimizer needs shapes.
    private const int Side = 4_096;

    private MemoryPlan(Tensor[] tensors, ModelGroup[] groups, MemoryPlanOptions options, string? assumption = null)
    {
        Shards = options.Shards;
        Stage = options.Stage;
        Assumption = assumption;
        ElementCount = tensors.Sum(tensor => tensor.Elements);
        Optimizers = string.Join(", ", groups.Select(group => TextTable.OptimizerOf(group.Group.Options)).Distinct());
        Parts = Array.AsReadOnly<MemoryPart>([.. OfParameters(tensors), .. OfOptimizers(tensors, groups)]);
    }

    /// <summary>The parts, in the order of <see cref="MemoryKind"/>. Parts without bytes are left out.</summary>
    public IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>The number of elements of all parameters together.</summary>
    public long ElementCount { get; }

    /// <summary>The number of ranks.</summary>
    public int Shards { get; }

    /// <summary>The buffers that the ranks divide among themselves.</summary>
    public ShardingStage Stage { get; }

    /// <summary>The bytes of the whole model, if one rank has all of it.</summary>
    public long TotalBytes => Parts.Sum(part => part.Bytes);

    /// <summary>The bytes on each rank.</summary>
    public long BytesPerRank => Parts.Sum(part => part.BytesPerRank);

    /// <summary>The bytes of the state slots: <see cref="ModelOptimizer.StateBytes"/> of the same model.</summary>
    public long StateBytes => BytesOf(MemoryKind.State);

    /// <summary>What the plan assumes about shapes that it does not know; null if it knows them.</summary>
    public string? Assumption { get; }

    private string Optimizers { get; }

    private string Divided => Stage switch
    {
        ShardingStage.None => "nothing",
        ShardingStage.State => "state",
        _ => "state and gradients",
    };

    /// <summary>Plans a model with given shapes.</summary>
    /// <param name="parameters">The name and the shape of each parameter, at least one.</param>
    /// <param name="options">The optimizer, the number formats and the ranks.</param>
    /// <exception cref="ArgumentException">An option is invalid (the message names it), a name or a shape is not allowed, an optimizer
    /// cannot update a shape, a parameter matches no group, or a group has no parameter.</exception>
    public static MemoryPlan Of(IReadOnlyList<(string Name, int[] Shape)> parameters, MemoryPlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Of(ShapesOf(parameters), options, nameof(parameters));
    }

    /// <summary>
    /// Plans the training of an existing model. Memory that the set does not own, such as that of views, is counted too; a table has no
    /// gradients.
    /// </summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <param name="options">The optimizer, the number formats and the ranks.</param>
    /// <exception cref="ArgumentException">An option is invalid (the message names it), an optimizer cannot update a shape, a
    /// parameter matches no group, or a group has no parameter.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static MemoryPlan Of(ParameterSet parameters, MemoryPlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        parameters.RequireAlive();
        return Of([.. parameters], options, nameof(parameters));
    }

    /// <summary>
    /// Plans a model of which only the number of parameters is known. They are counted as one tensor. If the memory of the optimizer
    /// depends on shapes, as that of <see cref="Muon"/> and <see cref="Adafactor"/> does, they are counted as matrices of 4,096 × 4,096,
    /// and <see cref="Assumption"/> says so.
    /// </summary>
    /// <param name="parameterCount">The number of parameters. From 1 to 10¹³.</param>
    /// <param name="options">The optimizer, the number formats and the ranks. Groups need shapes, so <see cref="MemoryPlanOptions.Groups"/>
    /// must be null.</param>
    /// <exception cref="ArgumentException">The number or an option is invalid; the message names it.</exception>
    public static MemoryPlan Of(long parameterCount, MemoryPlanOptions options)
    {
        Require.AtLeast(parameterCount, 1);
        Require.AtMost(parameterCount, MostElements);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Groups is not null)
        {
            throw new ArgumentException(
                $"{nameof(options.Groups)} is set, but a number of parameters has no names and shapes for groups to select. Give the shapes of the parameters, or set {nameof(options.Optimizer)} instead.",
                nameof(options));
        }

        ModelGroup[] groups = GroupsOf(options);
        ModelGroup group = groups[0];
        ParameterFormat format = options.Format ?? new ParameterFormat();
        return group.Step.Definition.Matrices is null
            ? new MemoryPlan(AsOneTensor(parameterCount, group, format), groups, options)
            : new MemoryPlan(
                AsMatrices(parameterCount, group, format),
                groups,
                options,
                $"The parameters are counted as matrices of {TextTable.Number(Side)} × {TextTable.Number(Side)}, because the memory of {TextTable.OptimizerOf(group.Group.Options)} depends on their shapes.");
    }

    /// <summary>The bytes of one kind of memory in the whole model, if one rank has all of it.</summary>
    public long BytesOf(MemoryKind kind)
    {
        Require.Defined(kind);
        return Parts.Where(part => part.Kind == kind).Sum(part => part.Bytes);
    }

    /// <summary>The bytes of one kind of memory on each rank.</summary>
    /// <param name="kind">The kind.</param>
    public long BytesPerRankOf(MemoryKind kind)
    {
        Require.Defined(kind);
        return Parts.Where(part => part.Kind == kind).Sum(part => part.BytesPerRank);
    }

    /// <summary>Describes the plan as a text table: one row for each part, and the totals below. A GB is 10⁹ bytes.</summary>
    /// <returns>Lines that end with \n, in invariant culture.</returns>
    public override string ToString()
    {
        (string, bool)[] columns =
        [
            ("memory", false), ("format", false), ("bytes/parameter", true), ("size", true),
            .. Shards == 1 ? [] : new[] { ("per rank", true), ("all ranks", true) },
        ];
        string[] Row(string name, string format, long bytes, long perRank) =>
        [
            name, format, PerElement(bytes), TextTable.Size(bytes),
            .. Shards == 1 ? [] : new[] { TextTable.Size(perRank), TextTable.Size(perRank * Shards) },
        ];
        return TextTable.Format(
            columns, [.. Parts.Select(part => Row(part.Name, part.Format, part.Bytes, part.BytesPerRank)), Row("total", string.Empty, TotalBytes, BytesPerRank)])
            + $"{TextTable.Count(ElementCount, "parameter")} with {Optimizers}"
            + (Shards == 1 ? ".\n" : $" on {Shards} ranks, {Divided} divided.\n")
            + (Assumption is null ? string.Empty : $"{Assumption}\n");
    }

    private static MemoryPlan Of(Parameter[] parameters, MemoryPlanOptions options, string argument)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (parameters.Length == 0)
        {
            throw new ArgumentException("There are no parameters. Give at least one.", argument);
        }

        Require.AtMost(parameters.Sum(parameter => (long)parameter.Length), MostElements, argument);
        ModelGroup[] groups = GroupsOf(options);
        var members = new List<(Parameter Parameter, ModelGroup Run)>();
        foreach (Parameter parameter in parameters)
        {
            ModelGroup group = GroupCheck.GroupOf(parameter, groups, nameof(options.Groups));
            group.Step.Definition.Matrices?.Check(TensorShape.Of(parameter.Dimensions), $"parameter \"{parameter.Name}\"");
            members.Add((parameter, group));
        }

        GroupCheck.RequireParameters(groups, members);
        return new MemoryPlan(
            [
                .. members.Select(member => new Tensor(
                    TensorShape.Of(member.Parameter.Dimensions), 1, member.Run, options.Format ?? member.Parameter.Format, !member.Parameter.IsTable)),
            ],
            groups,
            options);
    }

    // The parameters have no memory: their set is disposed, so a predicate that reads values or gradients gets an exception.
    private static Parameter[] ShapesOf(IReadOnlyList<(string Name, int[] Shape)> parameters)
    {
        var set = new ParameterSet();
        set.Dispose();
        var byName = new Dictionary<string, Parameter>(StringComparer.Ordinal);
        foreach ((string name, int[] shape) in parameters)
        {
            ParameterCheck.Name(name, byName, nameof(parameters));
            byName.Add(name, Parameter.WithoutMemory(set, name, shape, ParameterCheck.LengthOf(name, shape, nameof(parameters))));
        }

        return [.. parameters.Select(parameter => byName[parameter.Name])];
    }

    private static ModelGroup[] GroupsOf(MemoryPlanOptions options)
    {
        if (options.Groups is null)
        {
            return [new ModelGroup(new ParameterGroup(options.Optimizer!) { StateFormat = options.StateFormat }, 0, schedule: null)];
        }

        ValueList<ParameterGroup> groups = Require.Items(options.Groups, "The list of groups is empty. Give at least one group.");
        return [.. groups.Select((group, index) => new ModelGroup(group, index, schedule: null))];
    }

    // The last piece is never small, because a small tensor has another format.
    private static Tensor[] AsOneTensor(long count, ModelGroup group, ParameterFormat format)
    {
        long pieces = Math.Max(0, (count / Piece) - 1);
        Tensor Vectors(long length, long number) => new(TensorShape.OfVector((int)length), number, group, format);
        return [Vectors(Piece, pieces), Vectors(count - (pieces * Piece), 1)];
    }

    private static Tensor[] AsMatrices(long count, ModelGroup group, ParameterFormat format)
    {
        Tensor Matrices(long rows, long columns, long number) =>
            new(TensorShape.Of([(int)rows, (int)columns]), rows * columns == 0 ? 0 : number, group, format);
        const long Area = (long)Side * Side;
        return
        [
            .. new[] { Matrices(Side, Side, count / Area), Matrices(count % Area / Side, Side, 1), Matrices(1, count % Side, 1) }
                .Where(tensor => tensor.Count > 0),
        ];
    }

    private IEnumerable<MemoryPart> OfParameters(Tensor[] tensors)
    {
        static UpdatePrecision? PrecisionOf(Tensor tensor) =>
            tensor.Format.Values == NumberFormat.Float32 ? null : tensor.Format.UpdatePrecision;
        MemoryPart Sum(MemoryKind kind, string name, Func<Tensor, bool> has, Func<Tensor, NumberFormat> formatOf, bool divided)
        {
            Tensor[] having = [.. tensors.Where(has)];
            return Part(
                kind,
                name,
                string.Join(", ", having.Select(formatOf).Distinct().OrderDescending()),
                having.Sum(tensor => tensor.Elements * (long)NumberBuffer.SizeOf(formatOf(tensor))),
                divided);
        }

        MemoryPart[] parts =
        [
            Sum(MemoryKind.Weights, "weights", _ => true, tensor => tensor.Format.Values, divided: false),
            Sum(
                MemoryKind.Gradients, "gradients", tensor => tensor.HasGradients, tensor => tensor.Format.Gradients, divided: Stage == ShardingStage.StateAndGradients),
            Sum(
                MemoryKind.MasterCopy, "master copy", tensor => PrecisionOf(tensor) == UpdatePrecision.MasterCopy, _ => NumberFormat.Float32, divided: true),
            Sum(
                MemoryKind.Compensation,
                "compensation",
                tensor => PrecisionOf(tensor) == UpdatePrecision.Compensation,
                tensor => tensor.Format.Values,
                divided: true),
        ];
        return parts.Where(part => part.Bytes > 0);
    }

    private List<MemoryPart> OfOptimizers(Tensor[] tensors, ModelGroup[] groups)
    {
        IGrouping<string, ModelGroup>[] titled = [.. groups.GroupBy(group => group.Group.Name ?? TextTable.OptimizerOf(group.Group.Options))];
        var slots = new List<MemoryPart>();
        var workspaces = new List<MemoryPart>();
        foreach (IGrouping<string, ModelGroup> title in titled)
        {
            Tensor[] ofTitle = [.. tensors.Where(tensor => title.Contains(tensor.Group))];
            string Named(string name) => titled.Length == 1 ? name : $"{title.Key} {name}";
            foreach (IGrouping<string, Tensor.SlotMemory> slot in ofTitle.SelectMany(tensor => tensor.Slots()).GroupBy(slot => slot.Name))
            {
                string format = string.Join(", ", slot.Where(memory => memory.Bytes > 0).Select(memory => memory.Format).Distinct().OrderDescending());
                slots.Add(Part(MemoryKind.State, Named(slot.Key), format, slot.Sum(memory => memory.Bytes), divided: true));
            }

            long ofEach = ofTitle.Sum(tensor => tensor.Workspace);
            long shared = ofTitle.GroupBy(tensor => tensor.Group).Sum(ofGroup => ofGroup.Max(tensor => tensor.SharedWorkspace));
            workspaces.Add(Part(MemoryKind.Workspace, Named("workspace of each tensor"), string.Empty, ofEach, divided: true));
            workspaces.Add(Part(MemoryKind.Workspace, Named("workspace of the largest tensor"), string.Empty, shared, divided: false));
        }

        return [.. slots.Concat(workspaces).Where(part => part.Bytes > 0)];
    }

    private MemoryPart Part(MemoryKind kind, string name, string format, long bytes, bool divided) =>
        new(kind, name, format, bytes, divided && Stage != ShardingStage.None ? (bytes + Shards - 1) / Shards : bytes);

    private string PerElement(long bytes) =>
        ElementCount == 0 ? string.Empty : ((double)bytes / ElementCount).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A number of tensors with the same shape.</summary>
    private readonly record struct Tensor(TensorShape Shape, long Count, ModelGroup Group, ParameterFormat Format, bool HasGradients = true)
    {
        public long Elements => Count * Shape.Length;

        /// <summary>The memory of each tensor beside its slots.</summary>
        public long Workspace => Group.Step.Definition.Matrices is { } matrices ? Count * (long)SlotSet.WorkspaceFor(matrices, Shape) : 0;

        /// <summary>The memory that the tensors of the group share.</summary>
        public long SharedWorkspace => (long)(Group.Step.Definition.Matrices?.SharedWorkspaceFor(Shape) ?? 0);

        public IEnumerable<SlotMemory> Slots()
        {
            (TensorShape shape, long count, StateFormat asked) = (Shape, Count, Group.Group.StateFormat);
            return SlotSet.SlotsOf(Group.Step.Definition, Shape).Select(slot =>
            {
                int length = shape.LengthOf(slot.Extent);
                return new SlotMemory(slot.Name, Slot.FormatFor(slot, length, asked), count * Slot.BytesFor(slot, length, asked));
            });
        }

        public readonly record struct SlotMemory(string Name, StateFormat Format, long Bytes);
    }
}
