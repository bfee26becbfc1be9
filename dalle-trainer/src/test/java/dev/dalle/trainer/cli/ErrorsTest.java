package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.NativeLibraryException;
import dev.dalle.tensor.DeviceMemoryException;
import dev.dalle.tensor.files.DiskFullException;
import dev.dalle.tensor.files.TensorFileException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ErrorsTest {

  @Test
  void filesAreNamedAndTheKindOfFailureIsSaid() {
    assertEquals("no such file or folder: a/b", Errors.describe(new NoSuchFileException("a/b")));
    assertEquals("no permission: a/b", Errors.describe(new UncheckedIOException(new AccessDeniedException("a/b"))));
    assertEquals("not a folder: a", Errors.describe(new ExecutionException(new NotDirectoryException("a"))));
    // A wrapper that says more than its cause keeps its words.
    assertEquals("cannot write the picture x.png: broken", Errors.describe(new UncheckedIOException("cannot write the picture x.png: broken", new IOException("broken"))));
    assertEquals("w: no room to write 5 bytes", Errors.describe(new DiskFullException("w: no room to write 5 bytes", new IOException("No space left on device"))));
  }

  @Test
  void tooLittleMemory() {
    assertEquals("the processor's memory: 8 bytes were asked for; make the batch smaller",
        Errors.describe(new DeviceMemoryException("the processor's memory: 8 bytes were asked for; make the batch smaller")));
    assertEquals("out of memory (Java heap space): use a smaller preset, or a larger heap with DALLE_HEAP=4g",
        Errors.describe(new OutOfMemoryError("Java heap space")));
  }

  /** Errors pass by the command line library's own handling. */
  @Test
  void anErrorIsOneLineAndStatusOne() {
    StringWriter err = new StringWriter();
    assertEquals(1, Errors.failed(new OutOfMemoryError("Java heap space"), Main.commandLine().setErr(new PrintWriter(err))));
    assertEquals("dalle: out of memory (Java heap space): use a smaller preset, or a larger heap with DALLE_HEAP=4g", err.toString().strip());
  }

  @Test
  void aLibraryThatFailsInsideAnInitialiser() {
    NativeLibraryException failure =
        new NativeLibraryException("oneDNN", NativeLibraryException.Reason.UNSUPPORTED_PROCESSOR, "needs a processor with AVX2. Use one.");
    assertEquals("oneDNN: needs a processor with AVX2. Use one.", Errors.describe(new ExceptionInInitializerError(failure)));
  }

  @Test
  void aLongListIsCut() {
    String lines = "w.safetensors: 40 tensors do not fit\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n";
    assertEquals("w.safetensors: 40 tensors do not fit a: 1 b: 2 ... and 2 more", Errors.describe(new TensorFileException(lines)));
    assertEquals("one two", Errors.describe(new TensorFileException("one\n  two\n")));
  }

  @Test
  void ourOwnBugsSayThatTheyAre() {
    String message = Errors.describe(new NullPointerException("x is null"));
    assertTrue(message.startsWith("unexpected NullPointerException: x is null (this is a bug; run again with --verbose"), message);
  }

  @Test
  void theRootCommand() {
    assertEquals("a command is missing", Cli.misuse());
    assertEquals("unknown command 'generat'; did you mean 'generate'?", Cli.misuse("generat"));
    assertEquals("unknown option '--sead'; did you mean '--seed'?", Cli.misuse("generate", "x", "--sead", 1));
    for (String command : new String[] {"data", "tokenizer", "train", "encode", "decode", "reconstruct", "generate", "doctor"}) {
      assertTrue(Cli.run("--help").out().contains("  " + command + " "), command);
      Cli help = Cli.run(command, "--help");
      assertEquals(0, help.status());
      assertTrue(help.out().startsWith("Usage: dalle " + command), help.out());
    }
  }
}
