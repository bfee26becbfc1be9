package dev.dalle.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A byte-pair vocabulary that turns text into token ids and back. Split rule, ids and lower-casing are described in the
 * package documentation. Every string can be encoded, and {@code decode(encode(s))} equals {@link #normalize(String)
 * normalize(s)} for every {@code s}.
 *
 * <p>Encoding applies the merges exactly, in order of rank (within one rank from left to right), in O(n log n) time and
 * O(n) memory also for a single word of n letters.
 *
 * <p>Immutable and safe for any number of threads. It remembers the tokens of short words in a cache of fixed size,
 * which never changes a result. Two tokenizers are equal if their merges are.
 *
 * <p>Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2.
 */
public final class BpeTokenizer {

    /** Number of ids that stand for one byte each, and the smallest vocabulary there is. */
    public static final int BYTE_TOKENS = 256;

    /** The largest vocabulary that can be trained, stored and loaded. */
    public static final int MAX_SIZE = 1 << 20;

    /** The longest token, in bytes. Bounds the memory that a vocabulary of a given size can take. */
    public static final int MAX_TOKEN_BYTES = 128;

    private final Vocabulary vocabulary;
    private final PairTable ranks;
    private final WordCache cache = new WordCache();

    private BpeTokenizer(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        ranks = new PairTable(vocabulary.mergeCount());
        for (int rank = 0; rank < vocabulary.mergeCount(); rank++) {
            ranks.put(PairTable.key(vocabulary.left(rank), vocabulary.right(rank)), rank);
        }
    }

    /**
     * Makes a tokenizer from its merges. Merge number {@code r} makes the token {@code 256 + r} and may use any token
     * before it that is made of letters a-z.
     *
     * @throws IllegalArgumentException if there are more merges than {@code MAX_SIZE - 256}, or a merge uses an id that
     *         does not exist yet or is not made of letters, or makes a token that is too long or exists already; the
     *         message names the merge
     */
    public static BpeTokenizer of(List<Merge> merges) {
        Vocabulary.Builder builder = new Vocabulary.Builder();
        for (int rank = 0; rank < merges.size(); rank++) {
            try {
                builder.add(merges.get(rank).left(), merges.get(rank).right());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("merge " + rank + ": " + e.getMessage(), e);
            }
        }
        return of(builder);
    }

    static BpeTokenizer of(Vocabulary.Builder builder) {
        return new BpeTokenizer(builder.build());
    }

    /**
     * Loads a vocabulary file, see {@link #save(Path)}.
     *
     * @throws BpeFormatException if the file is no vocabulary file, is of a newer version, is damaged or too large; the
     *         message names file and line, and says what was expected
     * @throws IOException if the file cannot be read
     */
    public static BpeTokenizer load(Path file) throws IOException {
        return BpeFile.read(Objects.requireNonNull(file, "file"));
    }

    /**
     * Saves this vocabulary in format {@code dalle-bpe}, version 1: an ASCII text with one merge a line and a checksum
     * at the end. The same vocabulary always gives the same bytes. The file is written under a temporary name in the
     * same folder, forced to disk and renamed, so that {@code file} is at every moment the old file or the new one.
     *
     * @throws IOException if the file cannot be written; an existing file is then unchanged
     */
    public void save(Path file) throws IOException {
        BpeFile.write(vocabulary, Objects.requireNonNull(file, "file"));
    }

    /**
     * What encoding does to a text before it splits it: lower-cases it code point by code point and replaces each
     * surrogate that is not part of a pair by U+FFFD. Doing it twice changes nothing more.
     */
    public static String normalize(String text) {
        return PaperSplit.normalize(text);
    }

    /** Encodes {@code text} without dropout, as in evaluation. The result belongs to the caller. */
    public int[] encode(String text) {
        IntList out = new IntList(text.length());
        PieceMerger merger = new PieceMerger(ranks);
        PaperSplit.split(normalize(text), new Encoding(out) {
            @Override
            public void word(String normalized, int from, int to) {
                appendWord(normalized, from, to, merger, out);
            }
        });
        return out.toArray();
    }

    /**
     * Encodes {@code text} with BPE dropout, as in training: at each step of a word, every pair of adjacent tokens that
     * could be merged is left out with probability {@code dropoutRate}, each by itself; the one of lowest rank (the
     * leftmost of equals) among the others is merged; the word is done when none is left. Rate 0 equals
     * {@link #encode(String)}; rate 1 gives the bytes.
     *
     * <p>The result depends on nothing but text, rate and seed. Different texts of one batch should get different
     * seeds, since the random numbers are drawn from the seed alone.
     *
     * <p>Source: Provilkov et al. 2020, arXiv 1910.13267, algorithm 1; DALL-E trains with rate 0.1.
     *
     * @param dropoutRate probability, from 0 to 1
     * @throws IllegalArgumentException if {@code dropoutRate} is outside 0 to 1 or not a number
     */
    public int[] encode(String text, double dropoutRate, long seed) {
        if (!(dropoutRate >= 0 && dropoutRate <= 1)) {
            throw new IllegalArgumentException(
                    "dropoutRate: expected a probability from 0 to 1, got " + dropoutRate);
        }
        if (dropoutRate == 0) {
            return encode(text);
        }
        IntList out = new IntList(text.length());
        PieceMerger merger = new PieceMerger(ranks);
        SplitMix64 random = new SplitMix64(SplitMix64.mix(seed));
        long threshold = (long) (dropoutRate * 0x1p53);
        PaperSplit.split(normalize(text), new Encoding(out) {
            @Override
            public void word(String normalized, int from, int to) {
                merger.append(normalized, from, to, out, random, threshold);
            }
        });
        return out.toArray();
    }

    /**
     * The text of the tokens, one after another. Bytes that are not UTF-8, as when a code point was cut in two, become
     * U+FFFD each time the decoder of the JDK finds a malformed sequence.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary; padding has to be removed first
     */
    public String decode(int[] ids) {
        long byteCount = 0;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= size()) {
                throw new IllegalArgumentException("ids[" + i + "]: expected a token from 0 to " + (size() - 1)
                        + ", got " + ids[i]
                        + (ids[i] == PaddedCaption.PADDING ? " (padding; decode the real tokens only)" : ""));
            }
            byteCount += vocabulary.byteLength(ids[i]);
        }
        if (byteCount > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("ids: the text has " + byteCount + " bytes; decode it in parts");
        }
        byte[] bytes = new byte[(int) byteCount];
        int end = 0;
        for (int id : ids) {
            end = vocabulary.copyBytes(id, bytes, end);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Number of tokens: ids go from 0 to {@code size() - 1}. */
    public int size() {
        return BYTE_TOKENS + vocabulary.mergeCount();
    }

    /** The bytes that the token stands for. */
    public byte[] tokenBytes(int id) {
        checkId(id);
        byte[] bytes = new byte[vocabulary.byteLength(id)];
        vocabulary.copyBytes(id, bytes, 0);
        return bytes;
    }

    /** The token for people to look at: its text, or for a byte that is not printable ASCII the form {@code <0xE2>}. */
    public String tokenText(int id) {
        checkId(id);
        return vocabulary.text(id);
    }

    /** The merges in order of rank. */
    public List<Merge> merges() {
        return vocabulary.merges();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BpeTokenizer that && vocabulary.sameMerges(that.vocabulary);
    }

    @Override
    public int hashCode() {
        return vocabulary.mergesHash();
    }

    @Override
    public String toString() {
        return "BpeTokenizer[" + size() + " tokens]";
    }

    private void checkId(int id) {
        if (id < 0 || id >= size()) {
            throw new IllegalArgumentException("id: expected a token from 0 to " + (size() - 1) + ", got " + id);
        }
    }

    private void appendWord(String normalized, int from, int to, PieceMerger merger, IntList out) {
        if (to - from > WordCache.MAX_WORD_LENGTH) {
            merger.append(normalized, from, to, out);
            return;
        }
        int slot = WordCache.slot(normalized, from, to);
        if (!cache.appendTo(out, slot, normalized, from, to)) {
            int start = out.size();
            merger.append(normalized, from, to, out);
            cache.put(slot, normalized.substring(from, to), out.toArray(start));
        }
    }

    /** What plain encoding and dropout share: a code point outside a-z is its UTF-8 bytes. */
    private abstract static class Encoding implements PaperSplit.PieceSink {

        private final IntList out;

        Encoding(IntList out) {
            this.out = out;
        }

        @Override
        public void codePoint(int codePoint) {
            if (codePoint < 0x80) {
                out.add(codePoint);
            } else {
                for (byte unit : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
                    out.add(unit & 0xFF);
                }
            }
        }
    }
}
