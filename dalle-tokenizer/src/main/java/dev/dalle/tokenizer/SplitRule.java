package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.pipeline.Pipeline;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.split.Cl100kSplitter;
import dev.dalle.tokenizer.internal.split.O200kSplitter;
import dev.dalle.tokenizer.internal.split.RegexSplitter.Behavior;
import java.text.Normalizer.Form;
import java.util.List;
import java.util.Objects;

/**
 * What happens to a text before its bytes are merged: how it is rewritten, and where it is cut. Merges never cross a cut. Immutable.
 */
public final class SplitRule {
  private static final String CLIP = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private static final SplitRule PAPER = new SplitRule("lowercase-az", List.of(new NormalizerSpec.Lowercase()), List.of(new SplitSpec.Paper()), "");
  private static final SplitRule GPT2 = new SplitRule("gpt2", List.of(), List.of(new SplitSpec.Gpt2()), "");
  private static final SplitRule CL100K = new SplitRule("cl100k", List.of(),
      List.of(new SplitSpec.Split(new PatternSpec(Cl100kSplitter.pattern(3), true), Behavior.ISOLATED, false)), "");
  private static final SplitRule O200K_RULE = new SplitRule("o200k", List.of(),
      List.of(new SplitSpec.Split(new PatternSpec(O200kSplitter.PATTERN, true), Behavior.ISOLATED, false)), "");
  private static final SplitRule CLIP_RULE = new SplitRule("clip",
      List.of(new NormalizerSpec.Unicode(Form.NFC), new NormalizerSpec.Replace(new PatternSpec("\\s+", true), " "), new NormalizerSpec.Lowercase()),
      List.of(new SplitSpec.Split(new PatternSpec(CLIP, true), Behavior.REMOVED, true)), "</w>");

  private final String name;
  private final List<NormalizerSpec> normalizers;
  private final List<SplitSpec> splits;
  private final String suffix;

  private SplitRule(String name, List<NormalizerSpec> normalizers, List<SplitSpec> splits, String suffix) {
    this.name = name;
    this.normalizers = normalizers;
    this.splits = splits;
    this.suffix = suffix;
  }

  /**
   * DALL-E's: lower case, then runs of the letters a-z; every other code point is a piece by itself. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2,
   * and its authors.
   */
  public static SplitRule paper() {
    return PAPER;
  }

  /** GPT-2's: contractions, words, numbers and symbols, each with the space before it. Nothing is rewritten, so decoding gives the text back exactly. */
  public static SplitRule gpt2() {
    return GPT2;
  }

  /** That of cl100k_base: as GPT-2's, with at most three digits together and line breaks kept apart. */
  public static SplitRule cl100k() {
    return CL100K;
  }

  /** That of o200k_base: as cl100k's, and words are cut before capitals. */
  public static SplitRule o200k() {
    return O200K_RULE;
  }

  /**
   * CLIP's: normalization form C, lower case, one space for any white space, which then is no part of any token: the last byte of a piece is marked
   * {@code </w>} instead.
   */
  public static SplitRule clip() {
    return CLIP_RULE;
  }

  /**
   * One's own: every match of a regular expression is a piece, and so is the text between matches.
   *
   * @param expression in the JDK's syntax, with Unicode classes
   * @throws IllegalArgumentException if it is no regular expression
   */
  public static SplitRule regex(String expression) {
    Objects.requireNonNull(expression, "expression");
    List<SplitSpec> splits = List.of(new SplitSpec.Split(new PatternSpec(expression, true), Behavior.ISOLATED, false));
    SplitRule rule = new SplitRule("regex", List.of(), splits, "");
    // Fails where the expression is none.
    new Pipeline.Cutter(List.of(), splits);
    return rule;
  }

  /** The rule of a name, as {@link #name()} gives it; {@code regex} is not among them. */
  public static SplitRule named(String name) {
    for (SplitRule rule : List.of(PAPER, GPT2, CL100K, O200K_RULE, CLIP_RULE)) {
      if (rule.name.equals(name)) {
        return rule;
      }
    }
    throw new IllegalArgumentException("split rule: expected lowercase-az, gpt2, cl100k, o200k or clip, got \"" + name + "\"");
  }

  /** Its name in files. */
  public String name() {
    return name;
  }

  List<NormalizerSpec> normalizers() {
    return normalizers;
  }

  List<SplitSpec> splits() {
    return splits;
  }

  String suffix() {
    return suffix;
  }

  boolean isPaper() {
    return this == PAPER;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SplitRule that && name.equals(that.name) && normalizers.equals(that.normalizers) && splits.equals(that.splits)
        && suffix.equals(that.suffix);
  }

  @Override
  public int hashCode() {
    return splits.hashCode();
  }

  @Override
  public String toString() {
    return "SplitRule[" + name + "]";
  }
}
