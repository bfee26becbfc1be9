/**
 * Ranks that are threads of one process: for one large machine, and for tests of everything that runs on many ranks. {@link dev.dalle.dist.threads.ThreadWorld}
 * starts here.
 */
package dev.dalle.dist.threads;
