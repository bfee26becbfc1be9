package dev.dalle.tensor.internal.cpu;

import dev.dalle.bindings.onednn.DataType;
import dev.dalle.bindings.onednn.OneDnn;
import dev.dalle.bindings.openmp.OpenMpTeam;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** What devices on the processor are made of: oneDNN's engine, one for the process, and a team of threads. Lives as long as the process. */
public final class CpuBackend {
  private static final Logger LOG = LogManager.getLogger(CpuBackend.class);

  /** Made at first use; a failure is reported again at every use. */
  private static final class Engine {
    static final OneDnn ONE_DNN = new OneDnn();
  }

  private final OneDnn oneDnn = Engine.ONE_DNN;
  private final OpenMpTeam team;

  /**
   * A backend.
   *
   * @param threads of the team
   * @throws dev.dalle.bindings.NativeLibraryException if the native library cannot be used; the message says why and what to do
   */
  public CpuBackend(int threads) {
    this.team = new OpenMpTeam(threads);
    LOG.debug("processor: oneDNN {} with {} on {} threads", oneDnn.version(), oneDnn.isa(), threads);
  }

  /** oneDNN's engine. */
  public OneDnn oneDnn() {
    return oneDnn;
  }

  /** The team as kernels see it. */
  public CpuTeam team() {
    return new CpuTeam() {
      @Override
      public int threads() {
        return team.threads();
      }

      @Override
      public void forRanges(long count, long grain, RangeBody body) {
        team.parallelFor(count, grain, body::run);
      }
    };
  }

  /** Whether oneDNN multiplies and convolves this type here. */
  public boolean computes(DType dtype) {
    return switch (dtype) {
      case F32 -> true;
      case BF16 -> oneDnn.supports(DataType.BF16);
      case F16 -> oneDnn.supports(DataType.F16);
      default -> false;
    };
  }

  /** The operations for a device that launches on this team. */
  public Ops ops(CpuDevice device) {
    return new CpuOps(device, new OneDnnProducts(device, oneDnn), new OneDnnPasses(device, oneDnn));
  }
}
