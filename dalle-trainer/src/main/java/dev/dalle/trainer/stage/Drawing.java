package dev.dalle.trainer.stage;

import dev.dalle.attention.Prompt;
import dev.dalle.attention.SampledImage;
import dev.dalle.attention.Sampler;
import dev.dalle.attention.SamplingOptions;
import dev.dalle.attention.Transformer;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.CaptionEncoder;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.progress.Progress;
import java.util.ArrayList;
import java.util.List;

/** Captions to pictures: byte pairs, the transformer's tokens, the decoder's pixels. */
public final class Drawing {
  private Drawing() {}

  /**
   * Draws.
   *
   * @param captions texts, cut to what the transformer takes
   * @param each pictures of each
   * @return caption after caption
   */
  public static List<Picture> draw(Device device, Transformer transformer, ImageTokens tokens, BpeTokenizer tokenizer, List<String> captions, int each,
      DType computeType, SamplingOptions options, Progress progress) {
    CaptionEncoder encoder = new CaptionEncoder(tokenizer, transformer.config().textLength());
    List<Prompt> prompts = captions.stream().map(caption -> Prompt.of(encoder.encode(caption).tokens())).toList();
    List<SampledImage> drawn;
    long total = (long) captions.size() * each * transformer.config().imageLength();
    try (Progress.Stage shown = progress.stage("draw", total)) {
      long[] before = {0};
      drawn = new Sampler(transformer, computeType).sample(prompts, each, options, (done, all) -> {
        shown.step(done, done - before[0]);
        before[0] = done;
      });
    }
    return pictures(device, tokens, drawn.stream().map(SampledImage::tokens).toList(), transformer.config().gridSide());
  }

  /** The pictures that tokens stand for. */
  static List<Picture> pictures(Device device, ImageTokens tokens, List<int[]> ids, int grid) {
    int[] all = new int[ids.size() * grid * grid];
    for (int i = 0; i < ids.size(); i++) {
      System.arraycopy(ids.get(i), 0, all, i * grid * grid, grid * grid);
    }
    try (Scope scope = device.newScope()) {
      Tensor pixels = tokens.decode(scope, scope.of(all, ids.size(), grid, grid));
      int side = Math.toIntExact(pixels.dim(1));
      return new ArrayList<>(PictureFloats.pictures(pixels.toFloats(), ids.size(), side, side));
    }
  }
}
