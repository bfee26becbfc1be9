package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Attention on the processor. Only the blocks of scores that a pattern needs are computed, by one of two kernels that know nothing of each other. Heads of
 * sequences are spread over the team; each writes places of its own, so the number of threads changes no bit. Memory beside the tensors is that of one
 * head a thread.
 */
final class CpuAttention implements AttentionOps {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  /** From so many states on, products in BF16 of many queries at once are worth their calls (measured with 64 numbers a head). */
  private static final int LONG = 512;

  private record PlanKey(AttentionPattern pattern, int states) {}

  private record KernelKey(AttentionPattern pattern, HeadLayout layout) {}

  private final CpuDevice device;
  private final int stepsFrom;
  private final Map<PlanKey, BlockPlan> plans = new ConcurrentHashMap<>();
  private final Map<KernelKey, HeadKernel> kernels = new ConcurrentHashMap<>();
  private final Map<AttentionPattern, Keys> keys = new ConcurrentHashMap<>();
  private final HeadScratch[] scratch;
  private final StepScratch[] stepScratch;
  private final HeadDecoding[] decodings;

  CpuAttention(CpuDevice device) {
    this(device, LONG);
  }

  /**
   * With another border between the two kernels.
   *
   * @param stepsFrom number of states from which {@link StepHeads} compute BF16
   */
  CpuAttention(CpuDevice device, int stepsFrom) {
    this.device = device;
    this.stepsFrom = stepsFrom;
    scratch = Stream.generate(HeadScratch::new).limit(device.threads()).toArray(HeadScratch[]::new);
    stepScratch = Stream.generate(StepScratch::new).limit(device.threads()).toArray(StepScratch[]::new);
    decodings = Stream.generate(HeadDecoding::new).limit(device.threads()).toArray(HeadDecoding[]::new);
  }

  /** Which kernel computes a head is decided by the shape and the processor alone, so that the same call always gives the same bits. */
  private HeadKernel kernel(AttentionPattern pattern, HeadLayout layout, CpuTeam team) {
    KernelKey key = new KernelKey(pattern, layout);
    HeadKernel known = kernels.get(key);
    return known != null ? known : kernels.computeIfAbsent(key, fresh -> layout.dtype() == DType.BF16 && layout.states() >= stepsFrom
        && device.computesIn(DType.BF16) ? new StepHeads(layout, StepPlan.of(pattern, layout.states()), team, stepScratch)
        : new VectorHeads(layout, plan(pattern, layout.states()), scratch));
  }

  private BlockPlan plan(AttentionPattern pattern, int states) {
    return plans.computeIfAbsent(new PlanKey(pattern, states), key -> BlockPlan.of(pattern, states, TileProduct.LANES));
  }

  @Override
  public void forward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp) {
    HeadLayout layout = HeadLayout.of(qkv);
    device.launch("attention", (team, memory) -> {
      HeadKernel kernel = kernel(pattern, layout, team);
      team.forRanges(qkv.dim(0) * layout.heads(), 1, (thread, from, to) -> {
        for (long task = from; task < to; task++) {
          if (!kernel.forward(thread, task, memory[0], memory[1], memory[2])) {
            ExactHead exact = new ExactHead(pattern, layout, task, memory[0]);
            if (exact.inputsAreFinite()) {
              exact.forward(memory[1], memory[2]);
            }
          }
        }
      });
    }, qkv, out, logSumExp);
  }

  @Override
  public void backward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp, Tensor gradOut, Tensor gradQkv) {
    HeadLayout layout = HeadLayout.of(qkv);
    device.launch("attention gradient", (team, memory) -> {
      HeadKernel kernel = kernel(pattern, layout, team);
      team.forRanges(qkv.dim(0) * layout.heads(), 1, (thread, from, to) -> {
        for (long task = from; task < to; task++) {
          if (!kernel.backward(thread, task, memory[0], memory[1], memory[2], memory[3])) {
            ExactHead exact = new ExactHead(pattern, layout, task, memory[0]);
            if (exact.inputsAreFinite() && exact.isFinite(memory[2])) {
              exact.backward(memory[2], memory[3]);
            }
          }
        }
      });
    }, qkv, logSumExp, gradOut, gradQkv);
  }

  /** The keys that the state at a position reads, and the cache's entries of those that are not the prompt's; kept for the other layers with the pattern. */
  private record Keys(int position, int promptStates, int cacheStates, int[] ofPrompt, int[] ofCache) {}

  private Keys keys(AttentionPattern pattern, int position, int promptStates, int cacheStates) {
    return keys.compute(pattern, (key, known) -> {
      if (known != null && known.position() == position && known.promptStates() == promptStates && known.cacheStates() == cacheStates) {
        return known;
      }
      return new Keys(position, promptStates, cacheStates, IntStream.range(0, promptStates).filter(state -> pattern.attends(position, state)).toArray(),
          IntStream.rangeClosed(promptStates, position).filter(state -> pattern.attends(position, state)).map(state -> (state - promptStates) % cacheStates)
              .toArray());
    });
  }

  @Override
  public void decode(Tensor qkv, AttentionPattern pattern, int position, Tensor prompts, Tensor promptOf, Tensor cache, Tensor out) {
    int heads = Math.toIntExact(qkv.dim(2));
    int depth = Math.toIntExact(qkv.dim(3));
    int promptCount = Math.toIntExact(prompts.dim(0));
    int promptStates = Math.toIntExact(prompts.dim(1));
    int cacheStates = Math.toIntExact(cache.dim(1));
    DType dtype = qkv.dtype();
    Keys keys = keys(pattern, position, promptStates, cacheStates);
    int[] promptKeys = keys.ofPrompt();
    int[] cacheKeys = keys.ofCache();
    long row = (long) heads * depth * dtype.byteSize();
    float queryFactor = (float) (HeadAttention.LOG2_E / Math.sqrt(depth));
    // Heads of a sequence are split only as far as there would be nothing to do for some threads.
    int parts = (int) Math.min(heads, Math.ceilDiv(device.threads(), Math.max(1, qkv.dim(0))));
    device.launch("attention decoding", (team, memory) -> team.forRanges(qkv.dim(0) * parts, 1, (thread, from, to) -> {
      HeadDecoding s = decodings[thread];
      for (long task = from; task < to; task++) {
        long sequence = task / parts;
        int firstHead = (int) (heads * (task % parts) / parts);
        int count = (int) (heads * (task % parts + 1) / parts) - firstHead;
        int prompt = memory[2].get(INT, 4 * sequence);
        if (prompt < 0 || prompt >= promptCount) {
          throw new IndexOutOfBoundsException("promptOf: sequence " + sequence + " has prompt " + prompt + " of " + promptCount);
        }
        long head = (long) firstHead * depth * dtype.byteSize();
        long promptAt = (long) prompt * promptStates * 3 * row + head;
        long cacheAt = sequence * cacheStates * 2 * row + head;
        for (int part = 0; part < 2; part++) {
          MemorySegment.copy(memory[0], (sequence * 3 + part + 1) * row + head, memory[3], cacheAt + (2L * ((position - promptStates) % cacheStates) + part) * row,
              (long) count * depth * dtype.byteSize());
        }
        s.begin(memory[0], dtype, sequence * 3 * row + head, count, depth, promptKeys.length + cacheKeys.length, queryFactor);
        s.scores(new HeadDecoding.Rows(memory[1], dtype, promptAt + row, 3 * row), promptKeys);
        s.scores(new HeadDecoding.Rows(memory[3], dtype, cacheAt, 2 * row), cacheKeys);
        s.softmax();
        s.values(new HeadDecoding.Rows(memory[1], dtype, promptAt + 2 * row, 3 * row), promptKeys);
        s.values(new HeadDecoding.Rows(memory[3], dtype, cacheAt + row, 2 * row), cacheKeys);
        s.end(memory[4], dtype, sequence * row + head);
      }
    }), qkv, prompts, promptOf, cache, out);
  }
}
