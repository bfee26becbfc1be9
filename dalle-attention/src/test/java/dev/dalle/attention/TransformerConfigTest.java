package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.attention.TransformerConfig.Initialisation;
import dev.dalle.tensor.Parameter.Kind;
import org.junit.jupiter.api.Test;

class TransformerConfigTest {
  private static final TransformerConfig SMALL = TransformerConfig.of(5, 4, 7, 9, 2, 6, 2);

  @Test
  void countsOfThePaper() {
    TransformerConfig paper = TransformerConfig.paper();
    assertEquals(12_092_178_432L, paper.parameterCount(Kind.MATRIX));
    long layers = paper.parameters().stream().filter(spec -> spec.name().startsWith("layer")).mapToLong(spec -> spec.shape().elementCount()).sum();
    assertEquals(12_095_479_808L, layers);
    // The two heads count once; their biases are an option that the paper does not mention.
    assertEquals(12_195_298_816L + 97_517_568L, paper.parameterCount());
    assertEquals(12_292_840_960L, paper.withHeadBias(true).parameterCount());
    assertEquals(62, paper.heads());
    assertEquals(64, paper.headSize());
    assertEquals(1280, paper.length());
    assertEquals(255, paper.maxCaptionLength());
    assertEquals(12L * 64 * 1920 * 1920, TransformerConfig.paperOfWidth(1920).parameterCount(Kind.MATRIX));
    assertEquals(42, TransformerConfig.paperOfWidth(2688).heads());
  }

  @Test
  void kernelFitsSmallGrids() {
    assertEquals(3, TransformerConfig.of(5, 4, 7, 9, 2, 6, 2).convolutionKernel());
    assertEquals(7, TransformerConfig.of(5, 8, 7, 9, 2, 6, 2).convolutionKernel());
    assertEquals(5, TransformerConfig.of(5, 5, 7, 9, 2, 6, 2).convolutionKernel());
    assertEquals(11, TransformerConfig.of(5, 16, 7, 9, 2, 6, 2).convolutionKernel());
    assertEquals(1, TransformerConfig.of(5, 1, 7, 9, 2, 6, 2).convolutionKernel());
  }

  @Test
  void refusesEveryWrongField() {
    Initialisation init = Initialisation.sparseTransformer();
    assertMessage("text length: expected 1 or more, got 0", () -> new TransformerConfig(0, 4, 7, 9, 2, 6, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("grid side: expected 1 or more, got 0", () -> new TransformerConfig(5, 0, 7, 9, 2, 6, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("text vocabulary: expected 1 or more, got 0", () -> new TransformerConfig(5, 4, 0, 9, 2, 6, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("image vocabulary: expected 1 or more, got -1", () -> new TransformerConfig(5, 4, 7, -1, 2, 6, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("layers: expected 1 or more, got 0", () -> new TransformerConfig(5, 4, 7, 9, 0, 6, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("width: expected 1 or more, got 0", () -> new TransformerConfig(5, 4, 7, 9, 2, 0, 2, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("heads: expected 1 or more, got 0", () -> new TransformerConfig(5, 4, 7, 9, 2, 6, 0, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("width: expected a multiple of the 4 heads, got 6", () -> new TransformerConfig(5, 4, 7, 9, 2, 6, 4, 4, 3, 1e-5, false, 0.125, init));
    assertMessage("mlp ratio: expected 1 or more, got 0", () -> new TransformerConfig(5, 4, 7, 9, 2, 6, 2, 0, 3, 1e-5, false, 0.125, init));
    assertMessage("kernel: expected an odd number from 1 to the grid's side 4, got 2", () -> SMALL.withConvolutionKernel(2));
    assertMessage("layer norm epsilon: expected a number between 0 and 1, got NaN",
        () -> new TransformerConfig(5, 4, 7, 9, 2, 6, 2, 4, 3, Double.NaN, false, 0.125, init));
    assertMessage("text loss share: expected 0 to 1, got 1.5", () -> new TransformerConfig(5, 4, 7, 9, 2, 6, 2, 4, 3, 1e-5, false, 1.5, init));
    assertMessage("initialisation gain: expected more than 0, at most 10, got 0.0", () -> new Initialisation(0, 1, true));
    assertMessage("initialisation embedding gain: expected more than 0, at most 10, got NaN", () -> new Initialisation(1, Double.NaN, true));
    assertThrows(NullPointerException.class, () -> SMALL.withInitialisation(null));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
