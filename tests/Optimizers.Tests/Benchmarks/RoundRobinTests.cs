extern alias Benchmarks;

using Benchmarks::Optimizers.Benchmarks;

namespace Optimizers.Tests;

/// <summary>
/// A contest always ends, for any behaviour of its contenders, and reports the contenders that it did not measure. All times are times of the fake clock.
/// </summary>
public sealed class RoundRobinTests
{
    private const double Seconds = 0.05;

    private readonly FakeClock _clock = new(1_000_000_000);
    private readonly RoundRobin _roundRobin;
    private int _pauses;

    public RoundRobinTests() => _roundRobin = new RoundRobin(_clock, () => _pauses++);

    // A step over 16 parameters takes 19 ns. A tick of TimeSpan is 100 ns. With the last row, one call takes longer than a turn.
    [Theory]
    [InlineData(1_000_000_000, 1)]
    [InlineData(1_000_000_000, 19)]
    [InlineData(1_000_000_000, 99)]
    [InlineData(1_000_000_000, 40_000)]
    [InlineData(1_000_000_000, 3_000_000)]
    [InlineData(10_000_000, 1)]
    [InlineData(1_000, 1)]
    public void TimeOfACallIsExactAndATurnTakesAboutHalfAMillisecond(long frequency, long ticks)
    {
        var clock = new FakeClock(frequency);
        var contender = new Contender(clock, _ => ticks);
        long start = clock.Now;
        TimingResult result = new RoundRobin(clock, () => { }).Time([contender.Turn], Seconds, clock.In(60)).Single();
        result.Failure.Should().BeNull();
        result.Timing!.Nanoseconds.Should().BeApproximately(1e9 * ticks / frequency, 1e-6);
        result.Timing.Rounds.Should().BeGreaterThanOrEqualTo(RoundRobin.FewestRounds);
        double callsOfTurn = Math.Max(1, 500e-6 * frequency / ticks);
        contender.LargestTurn.Should().BeLessThan((int)(10 * callsOfTurn) + 110, "the only other calls are those of the warm-up");
        ((double)(clock.Now - start) / frequency).Should().BeLessThan(Seconds + 2 + (30.0 * ticks / frequency));
    }

    [Fact]
    public void CallWithoutATickIsNotTimedAndItsTurnsAreLimited()
    {
        var nothing = new Contender(_clock, _ => 0);
        var other = new Contender(_clock, _ => 500);
        TimingResult[] results = _roundRobin.Time([nothing.Turn, other.Turn], Seconds, _clock.In(60));
        results[0].Timing.Should().BeNull();
        results[0].Failure.Should().Be("1,048,576 calls take less than one tick of the clock");
        results[1].Timing!.Nanoseconds.Should().Be(500);
        nothing.LargestTurn.Should().BeLessThan(13 * RoundRobin.MostCalls, "an estimate doubles the number up to MostCalls, and ten more turns can measure the allocation");
    }

    [Fact]
    public void ContestEndsEvenIfTheClockDoesNotMove()
    {
        var nothing = new Contender(_clock, _ => 0);
        TimingResult result = _roundRobin.Time([nothing.Turn], Seconds, _clock.In(60)).Single();
        result.Failure.Should().Contain("less than one tick");
        nothing.Turns.Should().BeLessThan(30);
        _pauses.Should().BeLessThanOrEqualTo(10);
    }

    // A call that takes an hour cannot be stopped, but no other call begins.
    [Fact]
    public void NoCallBeginsAfterTheDeadline()
    {
        var first = new Contender(_clock, _ => 500);
        var longest = new Contender(_clock, _ => 3_600_000_000_000);
        var last = new Contender(_clock, _ => 500);
        TimingResult[] results = _roundRobin.Time([first.Turn, longest.Turn, last.Turn], Seconds, _clock.In(60));
        longest.Calls.Should().Be(1);
        last.Calls.Should().Be(0);
        results.Should().AllSatisfy(result => result.Failure.Should().Be(TimingResult.OutOfTime));
    }

    [Fact]
    public void ContestWithoutTimeMakesNoCall()
    {
        var contender = new Contender(_clock, _ => 500);
        _roundRobin.Time([contender.Turn], Seconds, _clock.Now).Single().Failure.Should().Be(TimingResult.OutOfTime);
        contender.Turns.Should().Be(0);
    }

    // The deadline comes after fewer rounds than a contest should have. The measured rounds count, and the result has their number.
    [Fact]
    public void ContestEndsAtItsDeadlineWithTheRoundsSoFar()
    {
        var slow = new Contender(_clock, _ => 1_000_000_000);
        long deadline = _clock.In(7.5);
        TimingResult result = _roundRobin.Time([slow.Turn], Seconds, deadline).Single();
        result.Timing!.Rounds.Should().BeInRange(1, RoundRobin.FewestRounds - 1);
        result.Timing.Nanoseconds.Should().Be(1e9);
        _clock.Now.Should().BeInRange(deadline, deadline + 1_000_000_000);
    }

    // Another process starts after the estimate, so a turn of 10,000 calls would take 100 s.
    [Fact]
    public void TurnEndsEarlyIfItsCallsBecomeSlow()
    {
        var contender = new Contender(_clock, call => call < 400_000 ? 50 : 10_000_000);
        long start = _clock.Now;
        TimingResult result = _roundRobin.Time([contender.Turn], Seconds, _clock.In(600)).Single();
        result.Timing!.Nanoseconds.Should().Be(50);
        ((_clock.Now - start) / 1e9).Should().BeLessThan(60, "seven turns end after a slice of 625 calls");
    }

    [Fact]
    public void InterruptedEstimateIsRepeated()
    {
        var contender = new Contender(_clock, call => call == 101 ? 4_000_000 : 50);
        _roundRobin.Time([contender.Turn], Seconds, _clock.In(60)).Single().Timing!.Nanoseconds.Should().Be(50);
        contender.LargestTurn.Should().BeGreaterThan(9_000, "a turn has 10,000 calls of 50 ns");
    }

    public static TheoryData<string, int, bool> Failures() => new()
    {
        { "Begin", 0, false }, { "Call", 1, true }, { "Call", 50, true }, { "Call", 30_000, true }, { "End", 0, true },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void ContenderThatThrowsIsExcludedAndTheOthersAreTimed(string where, int call, bool began)
    {
        var good = new Contender(_clock, _ => 500);
        int ends = 0;
        var bad = new Contender(_clock, number => where == "Call" && number == call ? throw new InvalidOperationException("no core") : 500);
        Turn turn = bad.Turn with
        {
            Begin = () => Throw(where == "Begin"),
            End = () =>
            {
                ends++;
                Throw(where == "End");
            },
        };
        TimingResult[] results = _roundRobin.Time([turn, good.Turn], Seconds, _clock.In(60));
        results[0].Timing.Should().BeNull();
        results[0].Failure.Should().Be("it threw InvalidOperationException: no core");
        results[1].Timing!.Nanoseconds.Should().Be(500);
        (ends > 0).Should().Be(began, "End runs after Begin, also after a call that threw");
        good.Turns.Should().Be(good.Ends);

        static void Throw(bool throws)
        {
            if (throws)
            {
                throw new InvalidOperationException("no core");
            }
        }
    }

    // The preparation takes a hundred times as long as the call, as a backward pass of a small model does.
    [Fact]
    public void WorkBeforeEachCallIsNeitherTimedNorCounted()
    {
        var contender = new Contender(_clock, _ => 2_000);
        int prepared = 0;
        byte[] kept = [];
        Turn turn = contender.Turn with
        {
            BeforeCall = () =>
            {
                prepared++;
                kept = new byte[1_000];
                _clock.Now += 200_000;
            },
        };
        long start = _clock.Now;
        Timing timing = _roundRobin.Time([turn], Seconds, _clock.In(60)).Single().Timing!;
        timing.Nanoseconds.Should().Be(2_000);
        timing.Median.Should().Be(2_000);
        timing.AllocatedBytes.Should().BeLessThan(kept.Length);
        prepared.Should().Be(contender.Calls);
        contender.LargestTurn.Should().BeInRange(90, 110, "a turn is limited by the time of the preparations, 20 ms");
        ((_clock.Now - start) / 1e9).Should().BeLessThan(2);
    }

    [Fact]
    public void TimesOfAllRoundsAreKept()
    {
        var contender = new Contender(_clock, call => 1_000_000 + (call % 3));
        Timing timing = _roundRobin.Time([contender.Turn], Seconds, _clock.In(60)).Single().Timing!;
        timing.OfRounds.Should().HaveCount(timing.Rounds);
        timing.OfRounds.Select(time => Math.Round(time)).Distinct().Should().BeEquivalentTo([1_000_000.0, 1_000_001, 1_000_002]);
        timing.Nanoseconds.Should().Be(1_000_000);
        timing.Median.Should().BeApproximately(1_000_001, 1e-6);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void TurnOfOneCallLoadsTheCachesOnlyIfAsked(bool loads, int calls)
    {
        var contender = new Contender(_clock, _ => 100_000_000);
        Timing timing = _roundRobin.Time([contender.Turn with { LoadsCaches = loads }], Seconds, _clock.In(60)).Single().Timing!;
        contender.CallsOfLastTurn.Should().Be(calls);
        timing.Nanoseconds.Should().Be(1e8);
    }

    [Fact]
    public void ContestWithoutContendersHasNoResults() => _roundRobin.Time([], Seconds, _clock.In(60)).Should().BeEmpty();

    private sealed class Contender
    {
        public Contender(FakeClock clock, Func<int, long> ticksOfCall) => Turn = new Turn(() =>
        {
            Calls++;
            LargestTurn = Math.Max(LargestTurn, ++CallsOfLastTurn);
            clock.Now += ticksOfCall(Calls);
        })
        {
            Begin = () =>
            {
                Turns++;
                CallsOfLastTurn = 0;
            },
            End = () => Ends++,
        };

        public Turn Turn { get; }

        public int Calls { get; private set; }

        public int Turns { get; private set; }

        public int Ends { get; private set; }

        public int CallsOfLastTurn { get; private set; }

        public int LargestTurn { get; private set; }
    }
}
