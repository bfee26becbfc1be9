/**
 * {@link dev.dalle.dvae.DvaeOps} on the processor, with the Vector API. Each thread copies a row or a chunk into arrays of its own, padded to whole
 * vectors, and works there: no loop has a tail, and types are converted in one place.
 *
 * <p>Results do not depend on the number of threads: rows and chunks are computed alone, and sums follow a fixed order. They are written lane by
 * lane because {@code reduceLanes} does not promise one.
 */
package dev.dalle.dvae.internal.cpu;
