package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class PrecisionCommandTest {
  @Test
  void tableHasEveryCode() {
    List<String> lines = Cli.lines("precision", "table", "1-6-9");
    assertEquals(65536, lines.size());
    assertEquals("0,0.0", lines.getFirst());
    assertEquals("30720,1.0", lines.get(0x7800));
    assertEquals("32767,15.984375", lines.get(0x7FFF));
    assertEquals("63488,-1.0", lines.get(0xF800));
    assertEquals(256, Cli.lines("precision", "table", "e4m3").size());
  }

  @Test
  void encodesNumbersAndLines() {
    assertEquals(List.of("30720", "63488", "0", "32767"), Cli.lines("precision", "encode", "1-6-9", "1.0", "-1", "1e-30", "99"));
    StringWriter out = new StringWriter();
    assertEquals(0, new CommandLine(new PrecisionEncodeCommand(new ByteArrayInputStream("5.0\n 1\n".getBytes(StandardCharsets.UTF_8))))
        .setOut(new PrintWriter(out)).execute("0-6-10"));
    assertEquals(List.of("63744", "61440"), out.toString().lines().toList());
  }

  @Test
  void namesWhatIsWrong() {
    assertEquals("format: expected one of 1-6-9, 0-6-10, fp16, bf16, e4m3, e5m2, got \"1-5-9\"", Cli.misuse("precision", "table", "1-5-9"));
    assertEquals("expected a decimal number, got 'one'", Cli.failure("precision", "encode", "fp16", "one"));
    assertEquals("a command is missing", Cli.misuse("precision"));
  }
}
