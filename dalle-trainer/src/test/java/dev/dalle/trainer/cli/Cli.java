package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * One command as a user runs it, without the process around it.
 *
 * @param status exit status
 * @param out what went to standard output
 * @param err what went to standard error, except logs
 */
record Cli(int status, String out, String err) {

  static Cli run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status = Main.run(List.of(args).stream().map(String::valueOf).toList(), new PrintWriter(out), new PrintWriter(err));
    return new Cli(status, out.toString(), err.toString());
  }

  /** Runs a command that must succeed; returns its lines. */
  static List<String> lines(Object... args) {
    Cli result = run(args);
    assertEquals(0, result.status(), result.err());
    return result.out().lines().toList();
  }

  /** Runs a command that must fail with one line; returns the line without the program's name. */
  static String failure(Object... args) {
    Cli result = run(args);
    assertEquals(1, result.status(), result.out() + result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertEquals("", result.out());
    assertTrue(result.err().startsWith("dalle: "), result.err());
    return result.err().strip().substring("dalle: ".length());
  }

  /** Runs a misused command; returns the first of its two lines without the program's name. */
  static String misuse(Object... args) {
    Cli result = run(args);
    assertEquals(2, result.status(), result.out() + result.err());
    assertEquals("", result.out());
    List<String> lines = result.err().lines().toList();
    assertEquals(2, lines.size(), result.err());
    assertTrue(lines.get(1).startsWith("Try 'dalle") && lines.get(1).endsWith(" --help'."), lines.get(1));
    return lines.get(0).substring("dalle: ".length());
  }
}
