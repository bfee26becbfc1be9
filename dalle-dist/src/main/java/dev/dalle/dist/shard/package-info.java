/**
 * Parameters that are split over the ranks of a machine: each rank keeps a shard of every parameter, the whole is gathered for as long as its block runs, and
 * gradients are averaged into shards as soon as the block has run backwards. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.5 and appendix E.2.
 *
 * <p>A model takes part as a list of {@link dev.dalle.dist.shard.ShardedBlock} in the order in which they run.
 */
package dev.dalle.dist.shard;
