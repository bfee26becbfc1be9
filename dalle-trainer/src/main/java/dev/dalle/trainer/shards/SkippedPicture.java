package dev.dalle.trainer.shards;

/**
 * A picture that has no tokens.
 *
 * @param id of the example
 * @param copy which of its variations, from 0
 * @param reason why it could not be read
 */
public record SkippedPicture(String id, int copy, String reason) {}
