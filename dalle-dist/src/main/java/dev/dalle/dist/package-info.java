/**
 * Ranks that work together. A {@link dev.dalle.dist.Communicator} connects them; what they do together is a {@link dev.dalle.dist.Collective}, posted and waited
 * for later. Every implementation keeps the same contract and, for sums that this module adds itself, gives the same bits.
 */
package dev.dalle.dist;
