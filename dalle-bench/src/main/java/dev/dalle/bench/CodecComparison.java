package dev.dalle.bench;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.dvae.PixelMap;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.global.torch;

/** Pictures to tokens, or tokens to pictures, on both sides, from the same weights. Pictures are noise: no operation's time depends on what they show. */
final class CodecComparison implements Comparison {
  private static final long SEED = 6;

  private static final LongOptional LAST = new LongOptional(-1);

  private final CodecBenchmark.Direction direction;
  private final DvaeConfig config;
  private final int batch;
  private final DType dtype;
  private final float[] pixels;
  private final int[] ids;

  CodecComparison(CodecBenchmark.Direction direction, DvaeConfig config, int batch, DType dtype) {
    this.direction = direction;
    this.config = config;
    this.batch = batch;
    this.dtype = dtype;
    this.pixels = Inputs.uniform(1, (long) batch * config.valuesPerImage());
    this.ids = Inputs.integers(2, config.vocabulary(), batch * config.tokensPerImage());
  }

  /** Of logits or pixels. In BF16 both sides round after every layer, each in its own places. */
  @Override
  public double tolerance() {
    return dtype == DType.F32 ? 1e-3 : 0.2;
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Dvae dvae = new Dvae(scope, config);
    dvae.initialise(SEED);
    ImageTokens tokens = new ImageTokens(dvae, dtype, batch);
    int side = config.imageSize();
    Tensor images = scope.of(pixels, batch, side, side, DvaeConfig.CHANNELS);
    Tensor codes = scope.of(ids, batch, config.gridSize(), config.gridSize());
    return new Formulation() {
      @Override
      public void run() {
        try (Scope inner = Ours.device().newScope()) {
          if (direction == CodecBenchmark.Direction.ENCODE) {
            tokens.encode(inner, images);
          } else {
            tokens.decode(inner, codes);
          }
          Ours.device().synchronize();
        }
      }

      /** Logits of the first picture, or its pixels: of codes two may be as probable as each other. */
      @Override
      public List<float[]> results() {
        try (Scope inner = Ours.device().newScope()) {
          if (direction == CodecBenchmark.Direction.DECODE) {
            return List.of(tokens.decode(inner, codes.slice(0, 1)).toFloats());
          }
          Tape tape = Tape.inference(inner, dtype);
          return List.of(dvae.encoder().logits(tape, PixelMap.map(tape, images.slice(0, 1))).toFloats());
        }
      }

      @Override
      public void close() {
        scope.close();
      }
    };
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    try (Scope scope = Ours.device().newScope()) {
      Dvae dvae = new Dvae(scope, config);
      dvae.initialise(SEED);
      TorchDvae model = new TorchDvae(config, new TorchParameters(dvae.parameters()), Torch.type(dtype));
      model.keep();
      int side = config.imageSize();
      org.bytedeco.pytorch.Tensor images = Torch.image(DType.F32, pixels, batch, side, side, DvaeConfig.CHANNELS);
      org.bytedeco.pytorch.Tensor codes = Torch.of(ids, batch, config.gridSize(), config.gridSize());
      return direction == CodecBenchmark.Direction.DECODE
          ? Torch.of(() -> model.pixels(codes), () -> List.of(Torch.imageFloats(model.pixels(codes.narrow(0, 0, 1)))))
          : Torch.of(() -> torch.argmax(model.logits(images).permute(0, 2, 3, 1), LAST, false),
              () -> List.of(Torch.imageFloats(model.logits(images.narrow(0, 0, 1)))));
    }
  }
}
