package dev.dalle.dist.mpi;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.dalle.dist.Communicator;
import dev.dalle.dist.testing.CommunicatorContract;
import dev.dalle.dist.threads.ThreadWorld.Body;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** A rank that keeps the contract: all ranks run the same tests in the same order, each test's world split from one. Failures, which end a world, have ranks of their own. */
public final class ContractRank {
  private static final List<String> ELSEWHERE = List.of("everyRankLearnsWhoIsAtFault", "failuresReachSplitsAndWhoeverComesLater");
  private static Communicator world;

  private ContractRank() {}

  /** Over MPI. */
  static class OverMpi extends CommunicatorContract {
    @Override
    protected void run(int size, Duration deadline, Body body) throws Exception {
      Optional<Communicator> part = world.split(world.rank() < size ? 0 : -1, 0);
      if (part.isPresent()) {
        body.run(part.get());
      }
    }
  }

  public static void main(String[] args) {
    Device device = args[0].equals("opaque") ? OpaqueDevice.open(1) : Device.cpu(1);
    world = MpiWorld.open(device, Duration.ofSeconds(60));
    if (!MpiWorld.started() || MpiWorld.localRank().isEmpty() && args[1].equals("OPEN_MPI") || MpiWorld.splitByMachine(world).size() != world.size()) {
      throw new AssertionError("a launcher started this, on one machine");
    }
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    PostDiscoveryFilter filter = test -> FilterResult.includedIf(ELSEWHERE.stream().noneMatch(name -> test.getUniqueId().toString().contains(name)));
    LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(OverMpi.class)).filters(filter).build(), summary);
    summary.getSummary().getFailures().forEach(failure -> {
      System.out.println(failure.getTestIdentifier().getDisplayName());
      failure.getException().printStackTrace(System.out);
    });
    System.out.println("rank " + world.rank() + ": " + summary.getSummary().getTestsSucceededCount() + " succeeded, " + summary.getSummary().getTotalFailureCount()
        + " failed");
    world.close();
  }
}
