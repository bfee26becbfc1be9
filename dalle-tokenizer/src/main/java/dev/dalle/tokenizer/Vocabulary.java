package dev.dalle.tokenizer;

import static dev.dalle.tokenizer.BpeTokenizer.BYTE_TOKENS;
import static dev.dalle.tokenizer.BpeTokenizer.MAX_SIZE;
import static dev.dalle.tokenizer.BpeTokenizer.MAX_TOKEN_BYTES;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** The merges and the bytes of every token. Immutable; the {@link Builder} checks each merge as it is added. */
final class Vocabulary {

    private final int[] left;
    private final int[] right;
    // Token id occupies bytes[start[id], start[id + 1]).
    private final byte[] bytes;
    private final int[] start;

    private Vocabulary(int[] left, int[] right) {
        this.left = left;
        this.right = right;
        int size = BYTE_TOKENS + left.length;
        start = new int[size + 1];
        for (int id = 0; id < size; id++) {
            int length = id < BYTE_TOKENS ? 1
                    : byteLength(left[id - BYTE_TOKENS]) + byteLength(right[id - BYTE_TOKENS]);
            start[id + 1] = start[id] + length;
        }
        bytes = new byte[start[size]];
        for (int id = 0; id < size; id++) {
            if (id < BYTE_TOKENS) {
                bytes[id] = (byte) id;
            } else {
                int middle = copyBytes(left[id - BYTE_TOKENS], bytes, start[id]);
                copyBytes(right[id - BYTE_TOKENS], bytes, middle);
            }
        }
    }

    int mergeCount() {
        return left.length;
    }

    int left(int rank) {
        return left[rank];
    }

    int right(int rank) {
        return right[rank];
    }

    int byteLength(int id) {
        return start[id + 1] - start[id];
    }

    /** Copies the token to {@code target} and returns the index after it. */
    int copyBytes(int id, byte[] target, int at) {
        System.arraycopy(bytes, start[id], target, at, byteLength(id));
        return at + byteLength(id);
    }

    String text(int id) {
        if (id < BYTE_TOKENS) {
            return byteText(id);
        }
        return new String(bytes, start[id], byteLength(id), StandardCharsets.US_ASCII);
    }

    List<Merge> merges() {
        return IntStream.range(0, left.length).mapToObj(rank -> new Merge(left[rank], right[rank])).toList();
    }

    boolean sameMerges(Vocabulary that) {
        return Arrays.equals(left, that.left) && Arrays.equals(right, that.right);
    }

    int mergesHash() {
        return 31 * Arrays.hashCode(left) + Arrays.hashCode(right);
    }

    private static String byteText(int value) {
        return value >= 0x20 && value < 0x7F ? Character.toString(value) : String.format("<0x%02X>", value);
    }

    /** Takes the merges one by one and refuses those that the split rule or the size limits do not allow. */
    static final class Builder {

        private final IntList left = new IntList(1024);
        private final IntList right = new IntList(1024);
        private final Map<String, Integer> idOfText = new HashMap<>();
        // Texts of the merged tokens, by rank.
        private final List<String> texts = new ArrayList<>();

        int size() {
            return BYTE_TOKENS + left.size();
        }

        /** The token with this text, if it is one that may take part in a merge. */
        OptionalInt wordToken(String text) {
            if (text.length() == 1 && PaperSplit.isLetter(text.charAt(0))) {
                return OptionalInt.of(text.charAt(0));
            }
            Integer id = idOfText.get(text);
            return id == null ? OptionalInt.empty() : OptionalInt.of(id);
        }

        void add(int leftId, int rightId) {
            if (size() == MAX_SIZE) {
                throw new IllegalArgumentException("a vocabulary has at most " + MAX_SIZE + " tokens");
            }
            String joined = text(leftId) + text(rightId);
            if (joined.length() > MAX_TOKEN_BYTES) {
                throw new IllegalArgumentException("the new token \"" + joined + "\" has " + joined.length()
                        + " letters, and at most " + MAX_TOKEN_BYTES + " are allowed");
            }
            Integer existing = idOfText.putIfAbsent(joined, size());
            if (existing != null) {
                throw new IllegalArgumentException("the new token \"" + joined + "\" exists already as token "
                        + existing);
            }
            left.add(leftId);
            right.add(rightId);
            texts.add(joined);
        }

        Vocabulary build() {
            return new Vocabulary(left.toArray(), right.toArray());
        }

        private String text(int id) {
            if (id < 0 || id >= size()) {
                throw new IllegalArgumentException("token " + id + " does not exist yet; a merge uses tokens below "
                        + "the one it makes, here " + size());
            }
            if (id >= BYTE_TOKENS) {
                return texts.get(id - BYTE_TOKENS);
            }
            if (!PaperSplit.isLetter(id)) {
                throw new IllegalArgumentException("token " + id + " (" + byteText(id)
                        + ") is no letter a-z, and only letters merge");
            }
            return Character.toString(id);
        }
    }
}
