/**
 * Bindings of native libraries through the Foreign Function &amp; Memory API, and their thin wrappers: so far oneDNN, the
 * OpenMP run-time library that it brings along, and MPI, which is the system's.
 *
 * <p>The only module of the suite that calls native code. Run with {@code --enable-native-access=dev.dalle.bindings}
 * ({@code ALL-UNNAMED} on the class path). oneDNN and OpenMP come as the Maven artifact {@code org.bytedeco:dnnl:linux-x86_64},
 * whose jar belongs on the class path, also when the application itself runs on the module path. The module loads without it;
 * the first use then says what is missing.
 */
module dev.dalle.bindings {
  requires org.apache.logging.log4j;

  exports dev.dalle.bindings;
  exports dev.dalle.bindings.mpi;
  exports dev.dalle.bindings.onednn;
  exports dev.dalle.bindings.openmp;
}
