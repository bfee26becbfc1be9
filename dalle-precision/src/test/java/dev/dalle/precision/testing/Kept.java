package dev.dalle.precision.testing;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What AdamW keeps how. */
public record Kept(Moments moments, DType valueType, ValueUpdate update) {
  /** Every combination that differs. */
  public static Stream<Kept> all() {
    List<Kept> all = new ArrayList<>();
    for (Moments moments : Moments.values()) {
      all.add(new Kept(moments, DType.F32, ValueUpdate.MASTER_COPY));
      for (DType type : new DType[] {DType.F16, DType.BF16}) {
        for (ValueUpdate update : ValueUpdate.values()) {
          all.add(new Kept(moments, type, update));
        }
      }
    }
    return all.stream();
  }

  /** Constants, kept in this way. */
  public AdamWConfig in(AdamWConfig config) {
    return config.withMoments(moments).withValueUpdate(update, 20);
  }

  /** Whether there is a master copy. */
  public boolean copied() {
    return valueType != DType.F32 && update == ValueUpdate.MASTER_COPY;
  }
}
