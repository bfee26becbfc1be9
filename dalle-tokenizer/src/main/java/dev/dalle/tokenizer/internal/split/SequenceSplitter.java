package dev.dalle.tokenizer.internal.split;

/** One rule after the other: the second cuts the pieces of the first. */
public record SequenceSplitter(Splitter first, Splitter second) implements Splitter {
  @Override
  public Cursor cursor(char[] text, int from, int to) {
    Cursor outer = first.cursor(text, from, to);
    return new Cursor() {
      private Cursor inner;

      @Override
      public boolean next() {
        while (inner == null || !inner.next()) {
          if (!outer.next()) {
            return false;
          }
          inner = second.cursor(text, outer.start(), outer.end());
        }
        return true;
      }

      @Override
      public int start() {
        return inner.start();
      }

      @Override
      public int end() {
        return inner.end();
      }
    };
  }
}
