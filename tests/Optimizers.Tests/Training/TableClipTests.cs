namespace Optimizers.Tests;

/// <summary>Clips of sets with tables, and of sets that cannot be clipped. A set is clipped completely or not at all.</summary>
public sealed class TableClipTests
{
    private const int Width = 5;

    private static readonly Dictionary<string, IGradientClip> _clips = new()
    {
        ["global"] = new ClipByGlobalNorm { MaximumNorm = 0.1 },
        ["infinity"] = new ClipByGlobalNorm { MaximumNorm = 0.1, NormKind = NormKind.Infinity },
        ["norm"] = new ClipByNorm { MaximumNorm = 0.1 },
        ["value"] = new ClipByValue { Limit = 0.1 },
        ["rows"] = new AdaptiveClip { Clipping = 0.1, Axis = 1 },
        ["columns"] = new AdaptiveClip { Clipping = 0.1 },
        ["no axis"] = new AdaptiveClip { Clipping = 0.1, Axis = 2 },
    };

    public static TheoryData<string> Clips => [.. _clips.Keys];

    public static TheoryData<string, string, int> Sets
    {
        get
        {
            var sets = new TheoryData<string, string, int>();
            foreach (string clip in _clips.Keys)
            {
                foreach (string kind in new[] { "table", "matrix", "overlap", "disposed", "foreign" })
                {
                    for (int place = 0; place < 3; place++)
                    {
                        sets.Add(clip, kind, place);
                    }
                }
            }

            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void SetIsClippedCompletelyOrNotAtAll(string name, string kind, int place)
    {
        IGradientClip clip = _clips[name];
        float[] shared = Draw.Floats(5, 12, 10);
        using var set = new ParameterSet();
        for (int i = 0; i < 3; i++)
        {
            if (i != place)
            {
                set.Add($"vector {i}", 7);
            }
            else if (kind == "table")
            {
                set.AddTable("table", 9, Width).SetRowGradients([4, 1], Draw.Floats(i, 2 * Width, 10));
            }
            else if (kind == "overlap")
            {
                set.AddView("first", [6], new float[6], shared.AsMemory(0, 6));
                set.AddView("second", [6], new float[6], shared.AsMemory(5, 6));
            }
            else
            {
                set.Add("matrix", 2, 3);
            }
        }

        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
            if (!parameter.IsTable && kind != "overlap")
            {
                Draw.Floats(parameter.Length + 1, parameter.Length, 10).CopyTo(parameter.Gradients);
            }
        }

        bool adaptive = clip is AdaptiveClip;
        bool refused = kind switch
        {
            "table" => name is "columns" or "no axis",
            "matrix" => name == "no axis",
            "overlap" => name != "value",
            "disposed" => true,
            _ => adaptive,
        };
        float[][] before = kind == "disposed" ? [] : All();
        set.ValueUse.ReplacedBecause = kind == "foreign" ? "a test has replaced them." : null;
        if (kind == "disposed")
        {
            set.Dispose();
        }

        Action apply = () => clip.Apply(set);
        if (!refused)
        {
            apply();
            All().SelectMany(g => g).Should().NotEqual(before.SelectMany(g => g));
        }
        else
        {
            Exception thrown = apply.Should().Throw<Exception>().Which;
            thrown.Should().Match(e => e is ArgumentException || e is InvalidOperationException);
            for (int i = 0; i < before.Length; i++)
            {
                All()[i].ShouldHaveTheBitsOf(before[i], set[i].Name);
            }
        }

        float[][] All() => [.. set.Select(p => p.WritableGradients.ToArray())];
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public void ModelClipsTablesLikeApply(string name)
    {
        IGradientClip clip = _clips[name];
        using ParameterSet first = WithTable();
        using ParameterSet second = WithTable();
        if (name is "columns" or "no axis")
        {
            FluentActions.Invoking(() => new ModelOptimizer(first, new SgdOptions(), new() { Clip = clip }))
                .Should().Throw<ArgumentException>().WithMessage("*\"table\"*Axis*").WithParameterName("Clip");
            return;
        }

        new ModelOptimizer(first, new SgdOptions { LearningRate = 1 }, new() { Clip = clip }).Step();
        clip.Apply(second);
        new ModelOptimizer(second, new SgdOptions { LearningRate = 1 }).Step();
        for (int i = 0; i < first.Count; i++)
        {
            first[i].Values.ToArray().ShouldHaveTheBitsOf(second[i].Values.ToArray(), first[i].Name);
        }
    }

    [Fact]
    public void UnitsOfATableAreItsRows()
    {
        using ParameterSet set = WithTable();
        float[] given = set["table"].RowGradients.ToArray();
        var clip = new AdaptiveClip { Clipping = 0.1, Axis = 1 };
        clip.Apply(set["table"]);
        for (int row = 0; row < 2; row++)
        {
            float[] alone = given[(row * Width)..((row + 1) * Width)];
            clip.Apply(alone, set["table"].Values.Slice(set["table"].GradientRows[row] * Width, Width), Width);
            set["table"].RowGradients.Slice(row * Width, Width).ToArray().ShouldHaveTheBitsOf(alone, $"row {row}");
        }

        set["table"].RowGradients.ToArray().Should().NotEqual(given);
    }

    [Fact]
    public void NormOfATableIsThatOfTheRowsWithAGradient()
    {
        using var set = new ParameterSet();
        set.AddTable("table", 3, 2).SetRowGradients([2, 0, 2], [1, 0, 0, 4, 2, 0]);
        new ClipByNorm { MaximumNorm = 10 }.Apply(set).Should().Be(5, "row 2 has the sum of its two gradients");
        new ClipByGlobalNorm { MaximumNorm = 10 }.Apply(set).Should().Be(5);
    }

    private static ParameterSet WithTable()
    {
        var set = new ParameterSet();
        set.Add("vector", 7);
        set.AddTable("table", 9, Width);
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
        }

        Draw.Floats(3, 7, 10).CopyTo(set["vector"].Gradients);
        set["table"].SetRowGradients([4, 1], Draw.Floats(1, 2 * Width, 10));
        return set;
    }
}
