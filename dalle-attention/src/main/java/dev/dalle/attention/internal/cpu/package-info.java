/** Attention on the processor: the plan of blocks, the products, and the walk over heads. */
package dev.dalle.attention.internal.cpu;
