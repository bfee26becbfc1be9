package dev.dalle.tokenizer;

import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Learns a byte-pair vocabulary from captions: merges the most frequent pair of adjacent tokens inside words, again and
 * again, until the vocabulary is full or no pair is frequent enough.
 *
 * <p>A pair is counted at every position of every word where it stands, overlapping ones included ({@code aaa} holds
 * {@code a a} twice). <b>Of pairs with equal counts the one with the smaller left id is merged, and of those the one
 * with the smaller right id.</b> Counts have 64 bits. So the result depends only on how often each word occurs: not on
 * the order of the captions, nor on the number of threads that deliver them.
 *
 * <p>The captions are reduced to their distinct words, each with a count; then pairs are counted once, and each merge
 * updates the counts only where it happens. Memory grows with the letters of the distinct words, not with the captions.
 *
 * <p>Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2; Sennrich et al. 2016, arXiv 1508.07909, for the
 * algorithm.
 *
 * @param vocabularySize tokens wanted, from 256 (bytes only) to {@link BpeTokenizer#MAX_SIZE}. The trained tokenizer
 *                       has fewer if the captions do not hold enough frequent pairs; its {@code size()} tells
 * @param minFrequency   smallest count at which a pair is still merged, at least 1
 */
public record BpeTrainer(int vocabularySize, long minFrequency) {

    /** Checks both values. */
    public BpeTrainer {
        if (vocabularySize < BpeTokenizer.BYTE_TOKENS || vocabularySize > BpeTokenizer.MAX_SIZE) {
            throw new IllegalArgumentException("vocabularySize: expected " + BpeTokenizer.BYTE_TOKENS
                    + " (one token a byte) to " + BpeTokenizer.MAX_SIZE + ", got " + vocabularySize);
        }
        if (minFrequency < 1) {
            throw new IllegalArgumentException("minFrequency: expected at least 1, got " + minFrequency);
        }
    }

    /** Trains on captions read one after another. */
    public BpeTokenizer train(Iterable<String> captions) {
        return train(StreamSupport.stream(captions.spliterator(), false));
    }

    /**
     * Trains on a stream of captions, which is consumed but not closed. The words of a parallel stream are counted in
     * parallel.
     */
    public BpeTokenizer train(Stream<String> captions) {
        return train(captions.collect(WordCounts::new, WordCounts::add, WordCounts::addAll));
    }

    /**
     * Trains on captions that were counted before.
     *
     * @param captionCounts each caption with the number of its occurrences, at least 1
     * @throws IllegalArgumentException if a count is below 1
     */
    public BpeTokenizer train(Map<String, Long> captionCounts) {
        WordCounts counts = new WordCounts();
        captionCounts.forEach((caption, count) -> {
            if (count < 1) {
                throw new IllegalArgumentException("captionCounts: expected counts of at least 1, got " + count
                        + " for \"" + caption + "\"");
            }
            counts.add(caption, count);
        });
        return train(counts);
    }

    private BpeTokenizer train(WordCounts counts) {
        Vocabulary.Builder vocabulary = new Vocabulary.Builder();
        new MergeLearner(counts, vocabularySize, minFrequency).learn(vocabulary);
        return BpeTokenizer.of(vocabulary);
    }
}
