package dev.dalle.trainer.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FolderPictures;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradientScalingTest {
  @TempDir Path temp;
  private final List<String> begun = new ArrayList<>();
  private final Device device = Device.cpu(1);

  @BeforeEach
  void draw() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("pictures"));
    int[] colours = {0xE01010, 0x10C010, 0x1010E0, 0xF0F0F0, 0x101010};
    String[] names = {"red", "green", "blue", "white", "black"};
    for (int i = 0; i < 60; i++) {
      PictureFiles.writePng(Picture.filled(64, 64, colours[i % 5]), folder.resolve("p" + i + ".png"));
      Files.writeString(folder.resolve("p" + i + ".txt"), "picture " + i + " is " + names[i % 5]);
    }
  }

  private Progress progress() {
    return (name, done, total) -> {
      begun.add(name);
      return new Progress.Stage() {
        @Override
        public void step(long step, double loss, long examples) {
          assertTrue(Double.isFinite(loss), name + ": " + loss);
        }

        @Override
        public void close() {}
      };
    };
  }

  private ReportFiles run(GradientScaling.Choice choice, Path out) throws IOException {
    try (CaptionedPictures pictures = FolderPictures.open(temp.resolve("pictures"))) {
      ReportFiles files = GradientScaling.run(choice, pictures, device, out, progress());
      assertEquals(0, device.bytesInUse());
      return files;
    }
  }

  private ScalingRun read(Path file) {
    return ConfigJson.read(file, ScalingRun.class);
  }

  @Test
  void runsEachArmOnceAndReportsWhatItFound() throws IOException {
    Path out = temp.resolve("out");
    ReportFiles files = run(new GradientScaling.Choice(2, 32, 0.125, 20, 4, 1e-3, 1, 1024), out);
    assertEquals(ScalingArm.values().length, begun.size());
    ScalingRun wide = read(out.resolve("f32-1.json"));
    ScalingRun scaled = read(out.resolve("fp16-resblock-1.json"));
    assertEquals(20, scaled.losses().size());
    assertEquals(4, scaled.blocks().size());
    assertEquals("layer1.attention", scaled.blocks().getFirst().name());
    // The same weights and batches: fp16 rounds what the first update computes, and no more.
    assertEquals(wide.losses().getFirst(), scaled.losses().getFirst(), 1e-3);
    assertEquals(wide.heldOut(), scaled.heldOut(), 0.02 * wide.heldOut());
    assertTrue(wide.heldOut() < wide.losses().getFirst(), "it learns");
    // 20 good updates of 2^(1/1000) from 2^13 on.
    assertEquals(13.02, scaled.blocks().getLast().log2Scale(), 1e-6);
    assertEquals(0, wide.blocks().getLast().log2Scale());
    Map<String, Double> metrics = files.readMetrics();
    assertEquals(wide.heldOut(), metrics.get("f32.held-out"), 1e-12);
    assertEquals(100 * (scaled.heldOut() / wide.heldOut() - 1), metrics.get("fp16-resblock.held-out-beside-f32"), 1e-9);
    assertTrue(Files.readString(files.html()).contains("fp16, a scale for each resblock, 16-bit moments"));

    byte[] before = Files.readAllBytes(out.resolve("f32-1.json"));
    begun.clear();
    run(new GradientScaling.Choice(2, 32, 0.125, 20, 4, 1e-3, 2, 1024), out);
    assertEquals(ScalingArm.values().length, begun.size(), "only the second seed was missing: " + begun);
    assertArrayEquals(before, Files.readAllBytes(out.resolve("f32-1.json")));
    String message = assertThrows(ConfigException.class, () -> run(new GradientScaling.Choice(2, 32, 0.25, 20, 4, 1e-3, 2, 1024), out)).getMessage();
    assertTrue(message.contains("made with another configuration") && message.contains("Begin in another folder"), message);
  }
}
