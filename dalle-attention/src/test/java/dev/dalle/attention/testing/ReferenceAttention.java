package dev.dalle.attention.testing;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;

/** What attention means: loops over the pattern's predicate, in double. */
public final class ReferenceAttention implements AttentionOps {
  /** Where element [sequence, state, part, head, number] of {@code [B, S, parts, H, D]} is. */
  private record Packed(double[] data, int at, int states, int parts, int heads, int depth) {
    static Packed of(Tensor tensor) {
      return new Packed(ReferenceDevice.values(tensor), ReferenceDevice.offset(tensor), (int) tensor.dim(1), (int) tensor.dim(2), (int) tensor.dim(3),
          (int) tensor.dim(4));
    }

    /** Sequences of one state, or results without parts, are read as if the missing dimensions were 1. */
    static Packed of(Tensor tensor, long states, long parts, long heads, long depth) {
      return new Packed(ReferenceDevice.values(tensor), ReferenceDevice.offset(tensor), (int) states, (int) parts, (int) heads, (int) depth);
    }

    int index(int sequence, int state, int part, int head, int number) {
      return at + (((sequence * states + state) * parts + part) * heads + head) * depth + number;
    }

    double get(int sequence, int state, int part, int head, int number) {
      return data[index(sequence, state, part, head, number)];
    }

    void set(int sequence, int state, int part, int head, int number, double value) {
      data[index(sequence, state, part, head, number)] = value;
    }

    void add(int sequence, int state, int part, int head, int number, double value) {
      data[index(sequence, state, part, head, number)] += value;
    }
  }

  private static double score(Packed x, int b, int query, int key, int h) {
    double sum = 0;
    for (int d = 0; d < x.depth; d++) {
      sum += x.get(b, query, 0, h, d) * x.get(b, key, 1, h, d);
    }
    return sum / Math.sqrt(x.depth);
  }

  @Override
  public void forward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp) {
    Packed x = Packed.of(qkv);
    Packed o = Packed.of(out, x.states, 1, x.heads, x.depth);
    Packed l = Packed.of(logSumExp, x.heads, 1, 1, x.states);
    for (int b = 0; b < qkv.dim(0); b++) {
      for (int h = 0; h < x.heads; h++) {
        for (int i = 0; i < x.states; i++) {
          double[] p = new double[x.states];
          double max = Double.NEGATIVE_INFINITY;
          for (int j = 0; j < x.states; j++) {
            p[j] = pattern.attends(i, j) ? score(x, b, i, j, h) : Double.NEGATIVE_INFINITY;
            max = Math.max(max, p[j]);
          }
          double sum = 0;
          for (int j = 0; j < x.states; j++) {
            p[j] = Math.exp(p[j] - max);
            sum += p[j];
          }
          l.set(b, h, 0, 0, i, max + Math.log(sum));
          for (int d = 0; d < x.depth; d++) {
            double value = 0;
            for (int j = 0; j < x.states; j++) {
              value += pattern.attends(i, j) ? p[j] / sum * x.get(b, j, 2, h, d) : 0;
            }
            o.set(b, i, 0, h, d, value);
          }
        }
      }
    }
  }

  @Override
  public void backward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp, Tensor gradOut, Tensor gradQkv) {
    Packed x = Packed.of(qkv);
    Packed o = Packed.of(out, x.states, 1, x.heads, x.depth);
    Packed g = Packed.of(gradOut, x.states, 1, x.heads, x.depth);
    Packed l = Packed.of(logSumExp, x.heads, 1, 1, x.states);
    Packed gx = Packed.of(gradQkv);
    qkv.device().ops().fill(gradQkv, 0);
    double scale = 1 / Math.sqrt(x.depth);
    for (int b = 0; b < qkv.dim(0); b++) {
      for (int h = 0; h < x.heads; h++) {
        for (int i = 0; i < x.states; i++) {
          double mean = 0;
          for (int d = 0; d < x.depth; d++) {
            mean += g.get(b, i, 0, h, d) * o.get(b, i, 0, h, d);
          }
          for (int j = 0; j < x.states; j++) {
            if (!pattern.attends(i, j)) {
              continue;
            }
            double p = Math.exp(score(x, b, i, j, h) - l.get(b, h, 0, 0, i));
            double gradP = 0;
            for (int d = 0; d < x.depth; d++) {
              gradP += g.get(b, i, 0, h, d) * x.get(b, j, 2, h, d);
              gx.add(b, j, 2, h, d, p * g.get(b, i, 0, h, d));
            }
            double gradScore = p * (gradP - mean) * scale;
            for (int d = 0; d < x.depth; d++) {
              gx.add(b, i, 0, h, d, gradScore * x.get(b, j, 1, h, d));
              gx.add(b, j, 1, h, d, gradScore * x.get(b, i, 0, h, d));
            }
          }
        }
      }
    }
  }

  @Override
  public void decode(Tensor qkv, AttentionPattern pattern, int position, Tensor prompts, Tensor promptOf, Tensor cache, Tensor out) {
    Packed x = Packed.of(qkv, 1, 3, qkv.dim(2), qkv.dim(3));
    Packed p = Packed.of(prompts);
    Packed c = Packed.of(cache);
    Packed o = Packed.of(out, 1, 1, x.heads, x.depth);
    double[] of = ReferenceDevice.read(promptOf);
    for (int n = 0; n < qkv.dim(0); n++) {
      if (of[n] < 0 || of[n] >= prompts.dim(0)) {
        throw new IndexOutOfBoundsException("promptOf: sequence " + n + " has prompt " + of[n] + " of " + prompts.dim(0));
      }
      for (int h = 0; h < x.heads; h++) {
        for (int d = 0; d < x.depth; d++) {
          for (int part = 0; part < 2; part++) {
            c.set(n, (position - p.states) % c.states, part, h, d, x.get(n, 0, part + 1, h, d));
          }
        }
        double[] scores = new double[position + 1];
        double sum = 0;
        for (int j = 0; j <= position; j++) {
          for (int d = 0; d < x.depth; d++) {
            scores[j] += !pattern.attends(position, j) ? 0 : x.get(n, 0, 0, h, d) * stored(p, c, (int) of[n], n, j, 0, h, d) / Math.sqrt(x.depth);
          }
          sum += pattern.attends(position, j) ? Math.exp(scores[j]) : 0;
        }
        for (int d = 0; d < x.depth; d++) {
          double value = 0;
          for (int j = 0; j <= position; j++) {
            value += pattern.attends(position, j) ? Math.exp(scores[j]) / sum * stored(p, c, (int) of[n], n, j, 1, h, d) : 0;
          }
          o.set(n, 0, 0, h, d, value);
        }
      }
    }
  }

  /** A key (part 0) or value (part 1) of a state, wherever it is kept. */
  private static double stored(Packed prompts, Packed cache, int prompt, int sequence, int state, int part, int head, int number) {
    return state < prompts.states ? prompts.get(prompt, state, part + 1, head, number)
        : cache.get(sequence, (state - prompts.states) % cache.states, part, head, number);
  }
}
