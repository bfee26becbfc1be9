package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The README and the pages of docs name commands, options, files and folders that exist. */
class ReadmeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  /** A command line in backticks, in a block of code, or indented by four: up to a comment, a redirection or the end. */
  private static final Pattern COMMAND = Pattern.compile("(?:^\\s*|[`(])\\./dalle ([^`#)<>|\\n]*)", Pattern.MULTILINE);
  private static final Pattern OPTION = Pattern.compile("`(--[a-z][a-z-]*)[^`]*`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)\\)");
  private static final Pattern IMAGE = Pattern.compile("<img[^>]* src=\"([^\":]+)\"");

  private static Stream<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(Stream.of(ROOT.resolve("README.md")), docs.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream());
    }
  }

  @TestFactory
  Stream<DynamicTest> commandsCanBeParsed() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : pages().toList()) {
      Matcher matcher = COMMAND.matcher(Files.readString(page));
      while (matcher.find()) {
        String command = matcher.group(1).strip();
        tests.add(DynamicTest.dynamicTest(ROOT.relativize(page) + ": dalle " + command, () -> assertDoesNotThrow(
            () -> Main.commandLine().parseArgs(words(command).toArray(String[]::new)))));
      }
    }
    assertTrue(tests.size() >= 5, () -> "only " + tests.size() + " commands were found in the pages");
    return tests.stream();
  }

  @Test
  void optionsOfTheReadmeExistSomewhere() throws IOException {
    String help = Files.readString(ROOT.resolve("README.md"));
    List<String> known = new ArrayList<>();
    collect(Main.commandLine(), known);
    Matcher matcher = OPTION.matcher(help);
    while (matcher.find()) {
      String option = matcher.group(1);
      assertTrue(known.contains(option), () -> "the README names " + option + ", which no command has");
    }
  }

  @Test
  void linkedFilesExist() throws IOException {
    for (Path page : pages().toList()) {
      for (Pattern pattern : List.of(LINK, IMAGE)) {
        Matcher matcher = pattern.matcher(Files.readString(page));
        while (matcher.find()) {
          String target = matcher.group(1);
          assertTrue(Files.exists(page.getParent().resolve(target)), () -> ROOT.relativize(page) + " links to " + target + ", which does not exist");
        }
      }
    }
  }

  /** The table of modules has one row for each module of the build. */
  @Test
  void everyModuleIsInTheReadme() throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    Matcher modules = Pattern.compile("<module>([^<]+)</module>").matcher(Files.readString(ROOT.resolve("pom.xml")));
    int count = 0;
    while (modules.find()) {
      count++;
      assertTrue(readme.contains("| `" + modules.group(1) + "` |"), modules.group(1));
    }
    assertTrue(count > 0);
  }

  private static void collect(picocli.CommandLine line, List<String> names) {
    line.getCommandSpec().options().forEach(option -> names.addAll(List.of(option.names())));
    line.getSubcommands().values().forEach(sub -> collect(sub, names));
  }

  /** Splits at spaces outside double quotes. */
  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    Matcher matcher = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(command);
    while (matcher.find()) {
      words.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }
    return words;
  }
}
