/** Java code on the threads of the OpenMP run-time library, the same threads that oneDNN uses. */
package dev.dalle.bindings.openmp;
