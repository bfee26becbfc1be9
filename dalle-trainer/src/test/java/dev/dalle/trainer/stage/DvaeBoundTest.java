package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeObjective;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.FolderPictures;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DvaeBoundTest {
  private static final int[] INDICES = {3, 1, 4, 15, 9};

  @TempDir Path temp;

  @Test
  void isTheMeanOverAllPictures() throws IOException {
    TinyRuns.writePictures(temp);
    DvaeConfig config = TinyRuns.config(temp, 2, 2).dvae().model();
    Device device = Device.cpu(1);
    try (CaptionedPictures data = FolderPictures.open(temp); Scope scope = device.newScope()) {
      Dvae dvae = new Dvae(scope, config);
      dvae.initialise(7);
      long before = device.bytesInUse();
      DvaeBound whole = DvaeBound.measure(device, dvae, DType.F32, 5, 0.125, 6, data, INDICES);
      DvaeBound parts = DvaeBound.measure(device, dvae, DType.F32, 2, 0.125, 6, data, INDICES);
      assertEquals(before, device.bytesInUse());
      assertEquals(0.125, whole.temperature());
      assertEquals(whole.drawn() - whole.relaxed(), whole.gap());
      Tensor pixels = scope.of(FittedPicture.floats(data, INDICES, 16), INDICES.length, 16, 16, 3);
      double expected = DvaeObjective.argmaxNegativeElb(Tape.inference(scope, DType.F32), dvae, pixels).reconstruction().toFloat();
      assertEquals(expected, whole.mostProbable(), 1e-6);
      assertEquals(expected, parts.mostProbable(), 1e-5);
      // Other noise, but the same pictures.
      assertEquals(whole.drawn(), parts.drawn(), 0.5);
      // Colder and colder, the relaxed bound becomes the true one of the same noise.
      double warm = Math.abs(DvaeBound.measure(device, dvae, DType.F32, 5, 1, 6, data, INDICES).gap());
      double cold = Math.abs(DvaeBound.measure(device, dvae, DType.F32, 5, 1e-6, 6, data, INDICES).gap());
      assertTrue(cold < 1e-5 && warm > 1e-3, "gap from " + warm + " to " + cold);
    }
  }
}
