/**
 * oneDNN in Java words: {@link dev.dalle.bindings.onednn.OneDnn} makes {@linkplain dev.dalle.bindings.onednn.Primitive primitives}
 * from {@linkplain dev.dalle.bindings.onednn.PrimitiveSpec specifications} and keeps them; memory is the caller's, described
 * by {@link dev.dalle.bindings.onednn.MemoryDesc}.
 */
package dev.dalle.bindings.onednn;
