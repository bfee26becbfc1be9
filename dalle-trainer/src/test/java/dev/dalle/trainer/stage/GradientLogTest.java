package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.report.Block;
import dev.dalle.trainer.report.HeatMap;
import dev.dalle.trainer.report.MetricTable;
import dev.dalle.trainer.report.Section;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run's folder and its report tell of gradients that went wrong: the block, the tensor, the update. */
class GradientLogTest {
  private static final TransformerConfig MODEL = TransformerConfig.of(7, 3, 13, 11, 2, 16, 2).withInitialisation(new TransformerConfig.Initialisation(1, 1, false));
  private static final TokenBatch BATCH = new TokenBatch(new int[][] {{3, 0, 12}, {1, 2, 3, 4, 5, 6}}, new int[][] {{0, 1, 2, 3, 4, 5, 6, 7, 8}, {10, 9, 8, 7, 6, 5, 4, 3, 2}});
  /** Elements of the stream: two examples of 7 + 9 states of width 16. */
  private static final long ELEMENTS = 2 * (7 + 9) * 16;

  @TempDir private Path folder;

  @Test
  void tellsWhichTensorOfWhichBlockCausedWhichSkip() throws IOException {
    TransformerStageConfig config = new TransformerStageConfig(MODEL, Compute.F16, 40, 2, 2e-3, 1e-4, 0.1, 0, 0, 0.01, 0.9, 5, 4, false, 4)
        .withPrecision(PrecisionConfig.PLAIN.with(PrecisionConfig.Scaling.RESBLOCK).with(Moments.SIXTEEN_BIT));
    TransformerTraining.Scaling scaling = (owner, parameters, blocks) -> new SpoiltScaler(
        new BlockGradientScaler(owner, parameters, blocks, GradientScaleConfig.paper(1), Replicas.ALONE), parameters);
    try (Scope scope = Device.cpu(1).newScope(); TransformerTraining training = new TransformerTraining(config, 5, scope, scaling)) {
      GradientLog log = new GradientLog();
      for (int step = 1; step <= 5; step++) {
        ((SpoiltScaler) training.scaler()).spoil(step == 2 ? "layer1.mlp" : step == 4 ? "head.image.weight" : "", Float.NaN);
        training.update(step, BATCH, true, step == 2);
        log.add(step, training.followed().orElseThrow());
      }
      training.describe(5, log);
      log.write(folder);

      GradientLog.Content found = GradientLog.read(folder).orElseThrow();
      assertEquals(5, found.updates());
      assertEquals(2, found.skipped());
      assertEquals(List.of(2L, 4L), found.skips().stream().map(GradientLog.Skip::step).toList());
      GradientLog.Skip first = found.skips().getFirst();
      assertEquals(List.of("layer1.mlp"), first.divided());
      assertTrue(first.parameters().contains("layer1.mlp.norm.gain"), first.toString());
      assertTrue(first.parameters().stream().allMatch(name -> name.startsWith("layer1.mlp.")), first.toString());
      assertEquals(new GradientLog.Skip(4, List.of("head.image.weight"), List.of()), found.skips().getLast());
      assertEquals(1, found.nonfinite().get("head.image.weight"));
      assertEquals(2, found.observedStep());
      for (GradientLog.Block block : found.blocks()) {
        assertEquals(5 * ELEMENTS, block.elements());
        assertEquals(block.block().equals("layer1.mlp"), block.leavingFiltered() > 0, block.toString());
        assertEquals(block.block().equals("layer1.mlp"), block.inside().get("not-finite") > 0, block.toString());
        assertEquals(0, block.filtered());
        assertEquals(ELEMENTS, block.incoming().values().stream().mapToLong(Long::longValue).sum());
      }

      Section section = GradientSection.of(List.of(), Optional.of(found)).orElseThrow();
      List<Block> blocks = section.blocks();
      MetricTable numbers = (MetricTable) blocks.getFirst();
      Map<String, String> notes = Map.of("transformer.skipped", "of 5", "transformer.filtered",
          "most of them at layer1.mlp, " + found.blocks().get(1).leavingFiltered(), "transformer.nonfinite.head.image.weight", "");
      notes.forEach((key, note) -> assertEquals(note, numbers.metrics().stream().filter(metric -> metric.key().equals(key)).findFirst().orElseThrow().how(), key));
      assertEquals(2, blocks.stream().filter(HeatMap.class::isInstance).count());
    }
  }

  private static GradientVerdict skipped(String parameter) {
    return new GradientVerdict(true, Float.NaN, List.of(), List.of(parameter), List.of(), List.of());
  }

  /** Two thousand skips are remembered one by one; those after the checkpoint that a run goes on from have not been. */
  @Test
  void remembersTheLastSkipsAndForgetsThoseAfterTheCheckpoint() throws IOException {
    GradientLog log = new GradientLog();
    for (long step = 1; step <= 2500; step++) {
      log.add(step, skipped("p" + step));
      log.add(step, new GradientVerdict(false, 1, List.of(), List.of(), List.of(), List.of()));
    }
    log.update(2500, Optional.empty(), 0, List.of());
    log.write(folder);
    assertEquals(LongStream.rangeClosed(501, 2500).boxed().toList(), GradientLog.read(folder).orElseThrow().skips().stream().map(GradientLog.Skip::step).toList());

    GradientLog resumed = new GradientLog();
    resumed.restore(folder, 2400);
    resumed.add(2401, skipped("again"));
    resumed.update(2401, Optional.empty(), 0, List.of());
    resumed.write(folder);
    List<GradientLog.Skip> skips = GradientLog.read(folder).orElseThrow().skips();
    assertEquals(LongStream.rangeClosed(501, 2401).boxed().toList(), skips.stream().map(GradientLog.Skip::step).toList());
    assertEquals(List.of("again"), skips.getLast().parameters());
  }

  @Test
  void aFileOfAnotherVersionIsRefused() throws IOException {
    assertEquals(Optional.empty(), GradientLog.read(folder));
    GradientLog log = new GradientLog();
    log.write(folder);
    Path file = folder.resolve("transformer.gradients.json");
    Files.writeString(file, Files.readString(file).replace("\"version\" : 1", "\"version\" : 2"));
    assertEquals(file + ": expected format dalle-gradients version 1, found dalle-gradients version 2; use the release that wrote it, or remove the file",
        assertThrows(ConfigException.class, () -> GradientLog.read(folder)).getMessage());
  }
}
