extern alias Benchmarks;

using Benchmarks::Optimizers.Benchmarks;

namespace Optimizers.Tests;

/// <summary>Tests how the contests of a command share its time.</summary>
public sealed class BudgetTests
{
    private readonly FakeClock _clock = new(1_000_000_000);

    [Fact]
    public void ContestGetsItsPartOfTheRemainingTime()
    {
        var budget = new Budget(_clock, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(15));
        budget.ShareOf(0.25).Should().Be(TimeSpan.FromSeconds(10));
        budget.ShareOf(0.5).Should().Be(TimeSpan.FromSeconds(15), "15 s is the limit of a contest");
        _clock.Now = _clock.In(36);
        budget.ShareOf(0.5).Should().Be(TimeSpan.FromSeconds(2));
        budget.ShareOf(1).Should().Be(TimeSpan.FromSeconds(4));
        _clock.Now = _clock.In(1e6);
        budget.ShareOf(1).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void EndsWaitsForTheWorkAndRethrowsItsException()
    {
        bool done = false;
        Budget.Ends(() => done = true, TimeSpan.FromHours(1)).Should().BeTrue();
        done.Should().BeTrue();
        new Action(() => Budget.Ends(() => throw new InvalidOperationException("no core"), TimeSpan.FromHours(1)))
            .Should().Throw<InvalidOperationException>().WithMessage("no core");
    }

    [Fact]
    public void EndsStopsWaitingForWorkThatDoesNotEnd()
    {
        using var never = new ManualResetEventSlim();
        Budget.Ends(never.Wait, -Budget.Grace).Should().BeFalse();
        never.Set();
    }
}
