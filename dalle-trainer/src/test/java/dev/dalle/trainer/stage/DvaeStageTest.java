package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FolderPictures;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.DvaeStageConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stage one in fp16, under a scale for its loss. */
class DvaeStageTest {
  @TempDir private Path temp;
  private final Device device = Device.cpu(2);

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static Progress stoppedAfter(long last) {
    return (name, done, total) -> new Progress.Stage() {
      @Override
      public void step(long step, double loss, long examples) {
        if (step == last) {
          throw new Stopped();
        }
      }

      @Override
      public void close() {}
    };
  }

  private void run(DvaeStageConfig config, Progress progress) throws IOException {
    try (CaptionedPictures data = FolderPictures.open(temp.resolve("pictures"))) {
      new DvaeStage(config, 3, device).run(data, new Checkpoint(temp.resolve("run"), "dvae", config), temp.resolve("dvae.safetensors"), progress);
    }
  }

  /** Writes a file again with one number of 64 bits changed. */
  private void change(Path path, String name, long number) throws IOException {
    try (Scope scope = device.newScope()) {
      List<NamedTensor> tensors = new ArrayList<>();
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        for (TensorEntry entry : file.entries()) {
          Tensor tensor = scope.allocate(entry.type().dtype(), entry.shape());
          entry.into(tensor);
          if (entry.name().equals(name)) {
            tensor.write(new int[] {(int) number, (int) (number >>> 32)});
          }
          tensors.add(new NamedTensor(entry.name(), tensor));
        }
        assertTrue(file.find(name).isPresent());
      }
      Safetensors.write(path, tensors, Map.of());
    }
  }

  @Test
  void aScaleThatCannotBeIsRefused() throws IOException {
    TinyRuns.writePictures(temp.resolve("pictures"));
    DvaeStageConfig config = TinyRuns.config(temp.resolve("pictures"), 9, 9).dvae().withCompute(Compute.F16);
    assertThrows(Stopped.class, () -> run(config, stoppedAfter(6)));
    Path tensors = temp.resolve("run").resolve("dvae.checkpoint-4.safetensors");
    change(tensors, "scaling.scale", Double.doubleToRawLongBits(-65536));
    assertEquals(tensors + ": state of gradient scaling: loss scale: expected a number from 2^-126 to what a float holds, got -65536.0; the checkpoint is "
        + "damaged. Begin without this state", assertThrows(TensorFileException.class, () -> run(config, stoppedAfter(0))).getMessage());
    assertEquals(0, device.bytesInUse());
    change(tensors, "scaling.scale", Double.doubleToRawLongBits(65536));
    run(config, stoppedAfter(0));
    assertTrue(Files.exists(temp.resolve("dvae.safetensors")));
  }
}
