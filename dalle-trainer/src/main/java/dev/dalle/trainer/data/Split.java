package dev.dalle.trainer.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Which examples are trained on and which are held out. Membership comes from hashes of names, so it does not depend on the
 * order or number of the other examples, except where a rule below says so.
 *
 * @param training indices, rising
 * @param heldOut indices, rising
 */
public record Split(int[] training, int[] heldOut) {
  /** The share held out unless another is asked for. */
  public static final double SHARE = 0.05;

  /** Changing this changes every split; it is part of what makes one. */
  private static final String SALT = "dalle held out 1";

  /** Copies both and checks that no example is on both sides. */
  public Split {
    training = training.clone();
    heldOut = heldOut.clone();
    Set<Integer> seen = new HashSet<>();
    for (int[] side : List.of(training, heldOut)) {
      for (int index : side) {
        if (index < 0 || !seen.add(index)) {
          throw new IllegalArgumentException("split: index " + index + (index < 0 ? " is negative" : " occurs twice"));
        }
      }
    }
  }

  @Override
  public int[] training() {
    return training.clone();
  }

  @Override
  public int[] heldOut() {
    return heldOut.clone();
  }

  /**
   * By the hash of each id.
   *
   * @param data what to split
   * @param share held out, from 0 up to but not 1
   */
  public static Split byId(CaptionedPictures data, double share) {
    return byKey(data.size(), index -> data.example(index).id(), share);
  }

  /**
   * By the hash of a key: examples with the same key stay together, such as several captions of one picture. A set large enough to expect a key held out
   * ({@code share} times its keys is 1 or more) has at least two: the keys with the lowest hashes, where fewer fall below the share.
   *
   * @param size number of examples
   * @param key of each example
   * @param share held out, from 0 up to but not 1
   */
  public static Split byKey(int size, IntFunction<String> key, double share) {
    check(share);
    Map<String, Double> hashes = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      hashes.computeIfAbsent(key.apply(i), k -> StableHash.fraction(SALT, k));
    }
    List<String> keys = new ArrayList<>(hashes.keySet());
    keys.sort(Comparator.<String>comparingDouble(hashes::get).thenComparing(Comparator.naturalOrder()));
    long below = keys.stream().filter(k -> hashes.get(k) < share).count();
    // Nothing can be measured on one example: captions are compared with those of others.
    long held = share * keys.size() >= 1 ? Math.max(below, Math.min(2, keys.size() / 2)) : below;
    Set<String> heldKeys = new HashSet<>(keys.subList(0, (int) held));
    boolean[] out = new boolean[size];
    for (int i = 0; i < size; i++) {
      out[i] = heldKeys.contains(key.apply(i));
    }
    return of(out);
  }

  /**
   * By combinations: a pair of style and name is held out as a whole if its hash falls below the share, its style also occurs
   * with other names in training and its name also occurs in other styles in training. Where the hash would take every style of a name (or every
   * name of a style), the pair with the highest hash stays in training. Held-out captions are thus new combinations of known parts.
   *
   * @param styles style of each example
   * @param names name of each example, as many
   * @param share of the pairs that may be held out, from 0 up to but not 1
   */
  public static Split byCombination(List<String> styles, List<String> names, double share) {
    check(share);
    if (styles.size() != names.size()) {
      throw new IllegalArgumentException("names: expected one for each of " + styles.size() + " styles, got " + names.size());
    }
    Map<Pair, Double> hashes = new HashMap<>();
    for (int i = 0; i < styles.size(); i++) {
      hashes.computeIfAbsent(new Pair(styles.get(i), names.get(i)), pair -> StableHash.fraction(SALT, pair.style, pair.name));
    }
    Set<Pair> out = new HashSet<>();
    hashes.forEach((pair, hash) -> {
      if (hash < share) {
        out.add(pair);
      }
    });
    giveBack(hashes, out, Pair::name);
    giveBack(hashes, out, Pair::style);
    boolean[] held = new boolean[styles.size()];
    for (int i = 0; i < held.length; i++) {
      held[i] = out.contains(new Pair(styles.get(i), names.get(i)));
    }
    return of(held);
  }

  private record Pair(String style, String name) {}

  /** For every part that training would never see, gives the pair with the highest hash back to training. */
  private static void giveBack(Map<Pair, Double> hashes, Set<Pair> out, Function<Pair, String> part) {
    Map<String, Pair> highest = new HashMap<>();
    hashes.forEach((pair, hash) -> highest.merge(part.apply(pair), pair, (a, b) -> hashes.get(a) >= hashes.get(b) ? a : b));
    Set<String> seen = new HashSet<>();
    for (Pair pair : hashes.keySet()) {
      if (!out.contains(pair)) {
        seen.add(part.apply(pair));
      }
    }
    highest.forEach((value, pair) -> {
      if (!seen.contains(value)) {
        out.remove(pair);
      }
    });
  }

  private static Split of(boolean[] out) {
    List<Integer> training = new ArrayList<>();
    List<Integer> heldOut = new ArrayList<>();
    for (int i = 0; i < out.length; i++) {
      (out[i] ? heldOut : training).add(i);
    }
    return new Split(training.stream().mapToInt(Integer::intValue).toArray(),
        heldOut.stream().mapToInt(Integer::intValue).toArray());
  }

  private static void check(double share) {
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException("share: expected at least 0 and less than 1, got " + share);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Split that && Arrays.equals(training, that.training) && Arrays.equals(heldOut, that.heldOut);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(training) + Arrays.hashCode(heldOut);
  }

  @Override
  public String toString() {
    return "Split[" + training.length + " for training, " + heldOut.length + " held out]";
  }
}
