namespace Optimizers.Tests.LevelThree;

/// <summary>Options of a rule with sums. They also contain the rule as a slow loop in double.</summary>
internal interface ISlowOptions : IOptimizerOptions
{
    /// <summary>Updates the tensors of a group after their weight decay.</summary>
    void Step(int t, IReadOnlyList<SlowTensor> group);
}

/// <summary>A tensor in double, as matrices, with its state.</summary>
internal sealed class SlowTensor(int[] shape, float[] values)
{
    private readonly Dictionary<string, double[]> _state = [];

    public int Columns { get; } = shape.Length == 0 ? 1 : shape[^1];

    public int Rows { get; } = shape.Length < 2 ? 1 : shape[^2];

    public double[] P { get; } = [.. values.Select(value => (double)value)];

    public double[] G { get; set; } = new double[values.Length];

    public double[] State(string name, double initial = 0)
    {
        if (!_state.TryGetValue(name, out double[]? values))
        {
            _state[name] = values = new double[P.Length];
            Array.Fill(values, initial);
        }

        return values;
    }

    /// <summary>The mean over the row of an element.</summary>
    public double MeanOfRow(int i, Func<int, double> term)
    {
        int start = i / Columns * Columns;
        return Enumerable.Range(start, Columns).Average(term);
    }

    /// <summary>The mean over the column of an element, within its matrix.</summary>
    public double MeanOfColumn(int i, Func<int, double> term)
    {
        int matrix = i / (Rows * Columns) * Rows * Columns;
        return Enumerable.Range(0, Rows).Average(row => term(matrix + (row * Columns) + (i % Columns)));
    }
}

/// <summary>Changes the state in the measuring pass: AdamW whose update is clipped by its own RMS.</summary>
internal sealed record StableAdamWOptions : ISlowOptions
{
    public double LearningRate { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; } = DecayForm.InRule;

    public bool Maximize { get; init; }

    public bool Cautious { get; init; }

    public bool TakesRows { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.Measuring(
        step => new Rule(step, DecayForm == DecayForm.InRule ? step.WeightDecay : 0),
        new StateSlot("exp_avg"),
        new StateSlot("exp_avg_sq") { NonNegative = true });

    public void Step(int t, IReadOnlyList<SlowTensor> group)
    {
        foreach (SlowTensor tensor in group)
        {
            double[] m = tensor.State("m");
            double[] v = tensor.State("v");
            double sum = 0;
            for (int i = 0; i < m.Length; i++)
            {
                m[i] = (0.9 * m[i]) + (0.1 * tensor.G[i]);
                v[i] = (0.99 * v[i]) + (0.01 * tensor.G[i] * tensor.G[i]);
                sum += tensor.G[i] * tensor.G[i] / Math.Max(v[i] / (1 - Math.Pow(0.99, t)), 1e-12);
            }

            double rate = LearningRate / Math.Max(1, Math.Sqrt(sum / m.Length));
            for (int i = 0; i < m.Length; i++)
            {
                double decay = DecayForm == DecayForm.InRule ? WeightDecay : 0;
                tensor.P[i] -= (rate * decay * tensor.P[i])
                    + (rate * m[i] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, t))) + 1e-6));
            }
        }
    }

    internal readonly struct Rule(StepScalars step, double decay) : IMeasuringRule2<Rule>
    {
        private readonly float _ofSquare = (float)(1 / step.BiasCorrection(0.99));
        private readonly double _scale = 1 / step.BiasCorrection(0.9);
        private readonly double _rate = step.LearningRate;
        private readonly double _decay = decay;

        public static bool MeasuringChangesState => true;

        private float StepSize { get; init; }

        private float Keep { get; init; }

        public static V Kept<V>(in Rule rule, V p)
            where V : struct, ILane<V> =>
            rule.Keep * p;

        public void Measure<V>(V g, V p, ref V m, ref V v, out V first, out V second)
            where V : struct, ILane<V>
        {
            m = 0.9f * m + 0.1f * g;
            v = 0.99f * v + 0.01f * (g * g);
            first = g / V.Sqrt(V.Max(_ofSquare * v, V.Splat(1e-12f)));
            second = V.Splat(0);
        }

        public Rule WithSums(in MeasuredSums sums, Span<double> scalars)
        {
            double rate = _rate / Math.Max(1, Math.Sqrt(sums.First / sums.Count));
            return this with { StepSize = (float)(rate * _scale), Keep = (float)(1 - (rate * _decay)) };
        }

        public V Step<V>(V g, V p, ref V m, ref V v)
            where V : struct, ILane<V> =>
            StepSize * m / (V.Sqrt(_ofSquare * v) + V.Splat(1e-6f));
    }
}

/// <summary>One second moment for each row.</summary>
internal sealed record AdamMiniOptions : ISlowOptions
{
    public double LearningRate { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; } = DecayForm.Decoupled;

    public bool Maximize { get; init; }

    public bool Cautious { get; init; }

    public bool TakesRows { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.OfLines(
        step => new Rule(step),
        new StateSlot("exp_avg"),
        new StateSlot("exp_avg_sq") { NonNegative = true, Extent = SlotExtent.Rows });

    public void Step(int t, IReadOnlyList<SlowTensor> group)
    {
        foreach (SlowTensor tensor in group)
        {
            double[] m = tensor.State("m");
            double[] v = tensor.State("v");
            for (int i = 0; i < m.Length; i++)
            {
                m[i] = (0.9 * m[i]) + (0.1 * tensor.G[i]);
                v[i] = (0.99 * v[i]) + (0.01 * tensor.MeanOfRow(i, j => tensor.G[j] * tensor.G[j]));
                tensor.P[i] -= LearningRate * m[i] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, t))) + 1e-6);
            }
        }
    }

    internal readonly struct Rule(StepScalars step) : IUpdateRule2<Rule>, ILineRule<Rule>
    {
        private readonly float _rate = (float)(step.LearningRate / step.BiasCorrection(0.9));
        private readonly float _rootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(0.99)));

        public V Term<V>(int slot, V g, V p)
            where V : struct, ILane<V> =>
            g;

        public double LineValue(int slot, float before, double sum, int count) => (0.99 * before) + (0.01 * sum / count);

        public void Apply<V>(V g, ref V p, ref V m, ref V v)
            where V : struct, ILane<V>
        {
            m = 0.9f * m + 0.1f * g;
            p -= _rate * m / (_rootScale * V.Sqrt(v) + V.Splat(1e-6f));
            v = V.Splat(float.NaN); // A value that is assigned to a row slot is lost.
        }
    }
}

/// <summary>Sums over rows and columns, with terms of gradient and parameter, and a scalar of state.</summary>
internal sealed record CentredOptions : ISlowOptions
{
    public double LearningRate { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; }

    public bool Maximize { get; init; }

    public bool TakesRows { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.OfLines(
        (step, scalars) => new Rule(scalars[0] += step.LearningRate),
        [new StateScalar("sum_of_rates")],
        new StateSlot("row_mean", 0.25f) { Extent = SlotExtent.Rows },
        new StateSlot("column_mean") { Extent = SlotExtent.Columns });

    public void Step(int t, IReadOnlyList<SlowTensor> group)
    {
        foreach (SlowTensor tensor in group)
        {
            double[] rows = tensor.State("rows", 0.25);
            double[] columns = tensor.State("columns");
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = (0.5 * rows[i]) + (0.5 * tensor.MeanOfRow(i, j => tensor.G[j]));
                columns[i] = tensor.MeanOfColumn(i, j => tensor.P[j] * tensor.G[j]);
            }

            for (int i = 0; i < rows.Length; i++)
            {
                tensor.P[i] -= t * LearningRate * (tensor.G[i] - rows[i] - columns[i]);
            }
        }
    }

    internal readonly struct Rule(double sumOfRates) : IUpdateRule2<Rule>, ILineRule<Rule>
    {
        private readonly float _rate = (float)sumOfRates;

        public static bool LineSumsSquares => false;

        public V Term<V>(int slot, V g, V p)
            where V : struct, ILane<V> =>
            slot == 0 ? g : g * p;

        public double LineValue(int slot, float before, double sum, int count) =>
            slot == 0 ? (0.5 * before) + (0.5 * sum / count) : sum / count;

        public void Apply<V>(V g, ref V p, ref V row, ref V column)
            where V : struct, ILane<V> =>
            p -= _rate * (g - row - column);
    }
}

/// <summary>Sums over rows and columns, then two sums over the tensor or the group, and a scalar of state.</summary>
internal sealed record FactoredOptions<TScope> : ISlowOptions
    where TScope : struct, IScope
{
    public double LearningRate { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; } = DecayForm.Decoupled;

    public bool Maximize { get; init; }

    public bool Cautious { get; init; }

    public bool TakesRows { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.MeasuringOfLines(
        (step, _) => new Rule(step),
        [new StateScalar("norm", 1)],
        new StateSlot("rows") { Extent = SlotExtent.Rows },
        new StateSlot("exp_avg"),
        new StateSlot("columns") { NonNegative = true, Extent = SlotExtent.Columns });

    public void Step(int t, IReadOnlyList<SlowTensor> group)
    {
        foreach (SlowTensor tensor in group)
        {
            for (int i = 0; i < tensor.P.Length; i++)
            {
                tensor.State("rows")[i] = (0.5 * tensor.State("rows")[i]) + (0.5 * tensor.MeanOfRow(i, j => tensor.G[j] * tensor.G[j]));
                tensor.State("columns")[i] = Math.Sqrt(tensor.MeanOfColumn(i, j => tensor.P[j] * tensor.P[j]));
                tensor.State("m")[i] = (0.9 * tensor.State("m")[i]) + tensor.G[i];
            }
        }

        IEnumerable<IReadOnlyList<SlowTensor>> scopes = TScope.IsOfGroup
            ? [group]
            : group.Select(IReadOnlyList<SlowTensor> (tensor) => [tensor]);
        foreach (IReadOnlyList<SlowTensor> together in scopes)
        {
            double ofMoments = 0;
            double ofParameters = 0;
            foreach (SlowTensor tensor in together)
            {
                ofMoments += Enumerable.Range(0, tensor.P.Length).Sum(i => Math.Pow(Direction(tensor, i), 2));
                ofParameters += tensor.P.Sum(p => p * p);
            }

            // With sums over the group, all its tensors share one scalar. Otherwise each tensor has its own.
            double[] scalar = together.FirstOrDefault(tensor => tensor.P.Length > 0)?.State("norm", 1) ?? [];
            double norm = scalar.Length == 0 ? 1 : (0.5 * scalar[0]) + (0.5 * Math.Sqrt(ofMoments) / (1 + Math.Sqrt(ofParameters)));
            scalar.AsSpan().Fill(norm);
            foreach (SlowTensor tensor in together)
            {
                for (int i = 0; i < tensor.P.Length; i++)
                {
                    tensor.P[i] -= LearningRate / norm * Direction(tensor, i);
                }
            }
        }

        static double Direction(SlowTensor tensor, int i) =>
            tensor.State("m")[i] * tensor.State("columns")[i] / (Math.Sqrt(tensor.State("rows")[i]) + 1e-3);
    }

    internal readonly struct Rule(StepScalars step) : IMeasuringRule3<Rule>, ILineRule<Rule>
    {
        private readonly double _rate = step.LearningRate;

        public static bool MeasuringChangesState => true;

        public static bool IsOfGroup => TScope.IsOfGroup;

        private float StepSize { get; init; }

        public V Term<V>(int slot, V g, V p)
            where V : struct, ILane<V> =>
            slot == 0 ? g : p;

        public double LineValue(int slot, float before, double sum, int count) =>
            slot == 0 ? (0.5 * before) + (0.5 * sum / count) : Math.Sqrt(sum / count);

        public void Measure<V>(V g, V p, ref V rows, ref V m, ref V columns, out V first, out V second)
            where V : struct, ILane<V>
        {
            m = 0.9f * m + g;
            first = Direction(rows, m, columns);
            second = p;
        }

        public Rule WithSums(in MeasuredSums sums, Span<double> scalars)
        {
            scalars[0] = (0.5 * scalars[0]) + (0.5 * Math.Sqrt(sums.First) / (1 + Math.Sqrt(sums.Second)));
            return this with { StepSize = (float)(_rate / scalars[0]) };
        }

        public V Step<V>(V g, V p, ref V rows, ref V m, ref V columns)
            where V : struct, ILane<V> =>
            StepSize * Direction(rows, m, columns);

        private static V Direction<V>(V rows, V m, V columns)
            where V : struct, ILane<V> =>
            m * columns / (V.Sqrt(rows) + V.Splat(1e-3f));
    }
}

/// <summary>Measures before the state changes, and sums values instead of squares over the group.</summary>
internal sealed record MeanOfGroupOptions : ISlowOptions
{
    public double LearningRate { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public DecayForm DecayForm { get; init; }

    public bool Maximize { get; init; }

    public bool Cautious { get; init; }

    public bool TakesRows { get; init; }

    public OptimizerDefinition Define() => OptimizerDefinition.Measuring(step => new Rule(step), new StateSlot("momentum_buffer"));

    public void Step(int t, IReadOnlyList<SlowTensor> group)
    {
        double count = group.Sum(tensor => (double)tensor.G.Length);
        double mean = group.Sum(tensor => tensor.G.Sum()) / Math.Max(1, count);
        foreach (SlowTensor tensor in group)
        {
            for (int i = 0; i < tensor.P.Length; i++)
            {
                tensor.State("m")[i] = (0.5 * tensor.State("m")[i]) + tensor.G[i] - mean;
                tensor.P[i] -= LearningRate * tensor.State("m")[i];
            }
        }
    }

    internal readonly struct Rule(StepScalars step) : IMeasuringRule1<Rule>
    {
        private readonly float _rate = (float)step.LearningRate;

        public static bool MeasuringChangesState => false;

        public static bool SumsSquares => false;

        public static bool IsOfGroup => true;

        private float Mean { get; init; }

        public void Measure<V>(V g, V p, ref V m, out V first, out V second)
            where V : struct, ILane<V>
        {
            m = V.Splat(float.NaN); // A value that is assigned in the other pass is lost.
            first = g;
            second = V.Splat(0);
        }

        public Rule WithSums(in MeasuredSums sums, Span<double> scalars) =>
            this with { Mean = (float)(sums.First / Math.Max(1, sums.Count)) };

        public V Step<V>(V g, V p, ref V m)
            where V : struct, ILane<V>
        {
            m = 0.5f * m + g - V.Splat(Mean);
            return _rate * m;
        }
    }
}

internal interface IScope
{
    static abstract bool IsOfGroup { get; }
}

internal readonly struct OfTensor : IScope
{
    public static bool IsOfGroup => false;
}

internal readonly struct OfGroup : IScope
{
    public static bool IsOfGroup => true;
}
