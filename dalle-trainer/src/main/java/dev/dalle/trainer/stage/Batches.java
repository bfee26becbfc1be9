package dev.dalle.trainer.stage;

import dev.dalle.trainer.data.BatchLoader;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.PictureBatch;
import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.run.DvaeStageConfig;
import java.util.ArrayList;
import java.util.List;

/** How pictures become batches. */
final class Batches {
  /** Batches made before they are asked for; bounds the memory that they take. */
  static final int AHEAD = 4;

  private Batches() {}

  /** Threads that read and vary pictures beside those that compute. Batches do not depend on it. */
  static int workers() {
    return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, AHEAD);
  }

  /** Pictures of the training part, varied as the configuration says. */
  static BatchLoader.Preparer<PictureBatch> forDvae(CaptionedPictures data, DvaeStageConfig config) {
    int[] training = data.split().training();
    int side = config.model().imageSize();
    if (config.augment()) {
      // The paper's listing takes crops of up to 12/8 of the final side.
      return PictureBatch.preparer(data, training, side * 3 / 2, Augmentation.dvae(side));
    }
    int length = side * side * Picture.CHANNELS;
    return job -> {
      int[] places = job.indices();
      int[] examples = new int[places.length];
      List<String> captions = new ArrayList<>(places.length);
      float[] pixels = new float[Math.multiplyExact(places.length, length)];
      for (int i = 0; i < places.length; i++) {
        job.checkWanted();
        examples[i] = training[places[i]];
        captions.add(data.example(examples[i]).caption());
        Picture picture = FittedPicture.of(data, examples[i], side);
        PictureFloats.put(config.flip() && job.random().nextBoolean() ? picture.flipped() : picture, pixels, i * length);
      }
      return new PictureBatch(job.number(), examples, captions, pixels, side);
    };
  }
}
