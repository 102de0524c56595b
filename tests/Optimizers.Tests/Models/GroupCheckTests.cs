namespace Optimizers.Tests;

/// <summary>The constructor of the optimizer refuses a group without parameters, and a group of another model.</summary>
public sealed class GroupCheckTests : IDisposable
{
    private readonly ParameterSet _set = new();

    public GroupCheckTests() => _set.AddRange([("weight", [2, 2]), ("bias", [2]), ("norm", [2])]);

    public void Dispose() => _set.Dispose();

    [Fact]
    public void PredicateThatMatchesNothingThrows() =>
        Refused([Group("weights"), Rest()], "*group 0 (\"weights\")*matches none of the 3 parameters*\"weight\", \"bias\", \"norm\"*MayBeEmpty*");

    [Fact]
    public void PredicateWhoseParametersAreInEarlierGroupsThrows() =>
        Refused(
            [Group("weight", "bias"), Group("bias"), Rest()],
            "*group 1 (\"bias\")*matches \"bias\"*first group that matches*\"bias\" to group 0 (\"weight, bias\")*before the others*MayBeEmpty*");

    [Fact]
    public void GroupAfterADefaultGroupThrowsEvenIfItMayBeEmpty() =>
        Refused(
            [Rest(), new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "bias", MayBeEmpty = true }],
            "*group 1*group 0 comes before it*takes all*last*");

    [Fact]
    public void RepeatedGroupThrows()
    {
        ParameterGroup weight = Group("weight");
        Refused([weight, Rest(), weight], "*groups 0 and 2 are the same instance*");
        ParameterGroup rest = Rest();
        Refused([rest, rest], "*groups 0 and 1 are the same instance*");
    }

    [Fact]
    public void DefaultGroupMayBeEmpty()
    {
        var optimizer = new ModelOptimizer(_set, [Group("weight", "bias", "norm"), Rest()]);
        optimizer.Step().Updated.Should().Be(3);
        _set.Add("later", 2);
        optimizer.Step().Updated.Should().Be(4);
    }

    [Fact]
    public void EmptyGroupTakesParametersThatAreAddedLater()
    {
        var later = new ParameterGroup(new SgdOptions { LearningRate = 0.5 }) { Where = p => p.Name == "later", MayBeEmpty = true };
        var optimizer = new ModelOptimizer(_set, [later, Rest()]);
        optimizer.Step().Updated.Should().Be(3);
        _set.Add("later", 2).Gradients.Fill(1);
        optimizer.Step().Updated.Should().Be(4);
        _set["later"].Values.ToArray().Should().OnlyContain(x => x == -0.5f);
    }

    [Fact]
    public void GroupInTwoModelsThrows()
    {
        ParameterGroup group = Rest();
        _ = new ModelOptimizer(_set, [group]);
        using var other = new ParameterSet();
        other.Add("weight", 2);
        FluentActions.Invoking(() => new ModelOptimizer(other, [group])).Should().Throw<ArgumentException>()
            .WithParameterName("groups").WithMessage("*group 0*another ParameterSet*");

        // The group still belongs to the first model.
        new ModelOptimizer(_set, [group]).Step().Updated.Should().Be(3);
        _set.Dispose();
        new ModelOptimizer(other, [group]).Step().Updated.Should().Be(1);
    }

    [Fact]
    public void FailedConstructorLeavesTheGroupsUnused()
    {
        ParameterGroup group = Group("weight");
        Refused([group, Group("nothing"), Rest()], "*group 1*");
        using var other = new ParameterSet();
        other.Add("weight", 2);
        new ModelOptimizer(other, [group]).Step().Updated.Should().Be(1);
    }

    private static ParameterGroup Group(params string[] names) =>
        new(new SgdOptions()) { Name = string.Join(", ", names), Where = p => names.Contains(p.Name) };

    private static ParameterGroup Rest() => new(new SgdOptions());

    private void Refused(ParameterGroup[] groups, string message) =>
        FluentActions.Invoking(() => new ModelOptimizer(_set, groups)).Should().Throw<ArgumentException>()
            .WithParameterName(nameof(groups)).WithMessage(message);
}
