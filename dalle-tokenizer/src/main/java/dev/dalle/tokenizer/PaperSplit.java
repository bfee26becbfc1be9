package dev.dalle.tokenizer;

/**
 * The paper's split rule: lower-case, then split on anything outside a-z. The trainer and the tokenizer both go through
 * this class, so that they cannot disagree. Rule and lower-casing are described in the package documentation.
 */
final class PaperSplit {

    /** Name of the rule in vocabulary files. */
    static final String NAME = "lowercase-az";

    private static final char REPLACEMENT = '\uFFFD';
    private static final int CAPITAL_I_WITH_DOT = 0x130;

    /** Takes the pieces of a text in order. */
    interface PieceSink {

        /** A maximal run of a-z: {@code text[from, to)}, at least one letter. */
        void word(String text, int from, int to);

        /** A code point outside a-z; never a surrogate. */
        void codePoint(int codePoint);
    }

    private PaperSplit() {
    }

    static boolean isLetter(int c) {
        return c >= 'a' && c <= 'z';
    }

    /** Lower-cases code point by code point and replaces each lone surrogate by U+FFFD. Linear time. */
    static String normalize(String text) {
        int clean = cleanPrefix(text);
        if (clean == text.length()) {
            return text;
        }
        StringBuilder lower = new StringBuilder(text.length() + 16).append(text, 0, clean);
        for (int i = clean; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                lower.append(REPLACEMENT);
            } else if (codePoint == CAPITAL_I_WITH_DOT) {
                // The only code point whose lower case is two code points in every context: i and a combining dot.
                lower.append("i\u0307");
            } else {
                lower.appendCodePoint(Character.toLowerCase(codePoint));
            }
        }
        return lower.toString();
    }

    /** Cuts a normalized text into pieces. */
    static void split(String normalized, PieceSink sink) {
        int length = normalized.length();
        for (int i = 0; i < length; ) {
            char c = normalized.charAt(i);
            if (isLetter(c)) {
                int end = i + 1;
                while (end < length && isLetter(normalized.charAt(end))) {
                    end++;
                }
                sink.word(normalized, i, end);
                i = end;
            } else {
                int codePoint = normalized.codePointAt(i);
                sink.codePoint(codePoint);
                i += Character.charCount(codePoint);
            }
        }
    }

    /** How many chars at the start need no change for sure: ASCII without capital letters. */
    private static int cleanPrefix(String text) {
        int i = 0;
        while (i < text.length() && text.charAt(i) < 0x80 && !(text.charAt(i) >= 'A' && text.charAt(i) <= 'Z')) {
            i++;
        }
        return i;
    }
}
