package dev.dalle.trainer.stage;

import dev.dalle.attention.Prompt;
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
import java.util.function.Consumer;

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
    List<Sampler.Order> orders = new ArrayList<>();
    for (int number = 0; number < captions.size(); number++) {
      Prompt prompt = Prompt.of(encoder.encode(captions.get(number)).tokens());
      for (int image = 0; image < each; image++) {
        orders.add(new Sampler.Order(prompt, number, image));
      }
    }
    List<Picture> pictures = new ArrayList<>();
    draw(device, transformer, tokens, orders, computeType, options, progress, pictures::add);
    return pictures;
  }

  /**
   * Draws, and gives each picture away as soon as its batch is drawn. Pictures are decoded one by one, so that their pixels depend on their own tokens
   * alone.
   *
   * @param orders what to draw
   * @param ready takes the pictures, in the order of what was ordered; may write to the terminal
   */
  public static void draw(Device device, Transformer transformer, ImageTokens tokens, List<Sampler.Order> orders, DType computeType,
      SamplingOptions options, Progress progress, Consumer<Picture> ready) {
    long total = (long) orders.size() * transformer.config().imageLength();
    try (Progress.Stage shown = progress.stage("draw", total)) {
      long[] before = {0};
      new Sampler(transformer, computeType).draw(orders, options, (done, all) -> {
        shown.step(done, done - before[0]);
        before[0] = done;
      }, image -> {
        Picture picture = picture(device, tokens, image.tokens(), transformer.config().gridSide());
        shown.aside(() -> ready.accept(picture));
      });
    }
  }

  /** The picture that tokens stand for. */
  private static Picture picture(Device device, ImageTokens tokens, int[] ids, int grid) {
    try (Scope scope = device.newScope()) {
      Tensor pixels = tokens.decode(scope, scope.of(ids, 1, grid, grid));
      int side = Math.toIntExact(pixels.dim(1));
      return PictureFloats.pictures(pixels.toFloats(), 1, side, side).getFirst();
    }
  }
}
