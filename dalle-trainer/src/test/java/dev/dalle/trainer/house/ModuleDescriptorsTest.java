package dev.dalle.trainer.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the published modules require, export and open, against a golden file: a change of it is a change of the house and is made on purpose. */
class ModuleDescriptorsTest {
  /** From the ground floor up: a module may require only those before it. */
  private static final List<String> FLOORS = List.of("tokenizer", "bindings", "tensor", "precision", "dvae", "attention", "dist", "trainer");

  private static ModuleDescriptor descriptor(String module) {
    Path classes = Path.of("").toAbsolutePath().getParent().resolve("dalle-" + module).resolve("target/classes");
    return ModuleFinder.of(classes).find("dev.dalle." + module).orElseThrow(() -> new AssertionError(classes + " holds no module dev.dalle." + module))
        .descriptor();
  }

  @Test
  void descriptorsAreThoseOfTheGoldenFile() throws IOException {
    String golden;
    try (InputStream in = ModuleDescriptorsTest.class.getResourceAsStream("modules.txt")) {
      golden = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertEquals(golden, FLOORS.stream().map(ModuleDescriptorsTest::describe).collect(Collectors.joining("\n")));
  }

  @Test
  void arrowsOnlyGoDownwards() {
    for (String module : FLOORS) {
      List<String> below = FLOORS.subList(0, FLOORS.indexOf(module)).stream().map(name -> "dev.dalle." + name).toList();
      List<String> required = descriptor(module).requires().stream().map(ModuleDescriptor.Requires::name).filter(name -> name.startsWith("dev.dalle")).toList();
      assertTrue(below.containsAll(required), module + " requires " + required);
    }
  }

  @Test
  void everyPackageBeginsWithItsModule() {
    for (String module : FLOORS) {
      ModuleDescriptor descriptor = descriptor(module);
      assertTrue(descriptor.packages().stream().allMatch(name -> name.startsWith(descriptor.name())), () -> module + " has " + descriptor.packages());
    }
  }

  private static String describe(String module) {
    ModuleDescriptor descriptor = descriptor(module);
    Stream<String> requires = descriptor.requires().stream().filter(r -> !r.name().equals("java.base"))
        .map(r -> "  requires " + (r.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE) ? "transitive " : "") + r.name());
    Stream<String> exports = descriptor.exports().stream().map(e -> "  exports " + e.source() + (e.isQualified() ? " to " + sorted(e.targets()) : ""));
    Stream<String> opens = descriptor.opens().stream().map(o -> "  opens " + o.source() + (o.isQualified() ? " to " + sorted(o.targets()) : ""));
    Stream<String> uses = descriptor.uses().stream().map(name -> "  uses " + name);
    Stream<String> provides = descriptor.provides().stream().map(p -> "  provides " + p.service() + " with " + String.join(", ", p.providers()));
    return Stream.concat(Stream.of(descriptor.name()), Stream.of(requires, exports, opens, uses, provides).flatMap(Stream::sorted))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String sorted(java.util.Set<String> names) {
    return names.stream().sorted().collect(Collectors.joining(", "));
  }
}
