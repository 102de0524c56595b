extern alias Benchmarks;

using BenchmarkTeam = Benchmarks::Optimizers.Benchmarks.Team;

namespace Optimizers.Tests;

public sealed class TeamTests
{
    // There are more threads than processors, so that some threads sleep while they wait.
    [Fact]
    public void EveryThreadDoesItsShareOfEveryPass()
    {
        int threads = (2 * Environment.ProcessorCount) + 1;
        var team = new BenchmarkTeam(threads);
        for (int turn = 0; turn < 3; turn++)
        {
            int[] passes = new int[threads];
            team.Begin();
            for (int pass = 1; pass <= 50; pass++)
            {
                team.Run(share => passes[share]++);
                passes.Should().OnlyContain(done => done == pass);
            }

            team.End();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void RunRethrowsTheExceptionOfAShareAfterTheOtherSharesAreDone(int thrower)
    {
        var team = new BenchmarkTeam(3);
        int done = 0;
        team.Begin();
        new Action(() => team.Run(share =>
        {
            if (share == thrower)
            {
                throw new ArithmeticException("NaN");
            }

            Interlocked.Increment(ref done);
        })).Should().Throw<InvalidOperationException>().WithInnerException<ArithmeticException>();
        done.Should().Be(2);
        team.Run(_ => Interlocked.Increment(ref done));
        done.Should().Be(5, "the next pass is complete");
        team.End();
    }
}
