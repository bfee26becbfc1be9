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
  private Batches() {}

  /** Pictures of the training part, varied as the configuration says. */
  static BatchLoader.Preparer<PictureBatch> forDvae(CaptionedPictures data, DvaeStageConfig config) {
    int[] training = data.split().training();
    int side = config.model().imageSize();
    if (config.augment()) {
      // The paper's listing takes crops of up to 12/8 of the final side.
      return PictureBatch.preparer(data, training, side * 3 / 2, Augmentation.dvae(side));
    }
    return (number, places, random) -> {
      int[] examples = new int[places.length];
      List<String> captions = new ArrayList<>(places.length);
      List<Picture> pictures = new ArrayList<>(places.length);
      for (int i = 0; i < places.length; i++) {
        examples[i] = training[places[i]];
        captions.add(data.example(examples[i]).caption());
        Picture picture = FittedPicture.of(data, examples[i], side);
        pictures.add(config.flip() && random.nextBoolean() ? picture.flipped() : picture);
      }
      return new PictureBatch(number, examples, captions, PictureFloats.of(pictures), side);
    };
  }
}
