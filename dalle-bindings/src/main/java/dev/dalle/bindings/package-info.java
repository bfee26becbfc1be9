/** Finding and loading native libraries, and saying what was found: see {@link dev.dalle.bindings.NativeLibraries}. */
package dev.dalle.bindings;
