package dev.dalle.trainer.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.trainer.launcher.LauncherHouse.Outcome;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The shell script at the root of the repository. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "the launcher's tests need bash and the GNU tools")
class LauncherTest {

  private LauncherHouse house;

  @BeforeEach
  void build(@TempDir Path folder) throws Exception {
    house = new LauncherHouse(folder);
  }

  private static String home(Outcome outcome) {
    return outcome.out().lines().findFirst().orElse("");
  }

  @Test
  void withoutAJdkItSaysWhatToInstall() throws Exception {
    house.jdk("old", "17.0.15");
    Path jre = house.jdk("jre", "25.0.1");
    Files.delete(jre.resolve("bin/javac"));
    Outcome outcome = house.start(house.launcher, "doctor");
    assertEquals(1, outcome.status());
    assertEquals("", outcome.out());
    assertTrue(outcome.err().startsWith("dalle: no JDK 25 or newer found"), outcome.err());
    assertTrue(outcome.err().contains("Install one, for example Eclipse Temurin 25"), outcome.err());
  }

  @Test
  void anExplicitJdkIsUsedOrRefusedButNeverReplaced() throws Exception {
    house.maven();
    house.jdk("a", "25.0.1");
    Path old = house.jdk("old", "1.8.0_412");
    house.environment.put("DALLE_JAVA_HOME", old.toString());
    Outcome refused = house.start(house.launcher, "doctor");
    assertEquals(1, refused.status());
    assertEquals("dalle: DALLE_JAVA_HOME is " + old + ", which holds a JDK 1; a JDK 25 or newer is needed.\n", refused.err());
    house.environment.put("DALLE_JAVA_HOME", house.top.toString());
    assertTrue(house.start(house.launcher, "doctor").err().contains("which holds no JDK"));
    Path chosen = house.jdk("b", "27");
    house.environment.put("DALLE_JAVA_HOME", chosen.toString());
    assertEquals(chosen.toString(), home(house.start(house.launcher, "doctor")));
  }

  @Test
  void itLooksAtJavaHomeThenThePathThenTheLowestInTheFolders() throws Exception {
    house.maven();
    Path newer = house.jdk("jdk-a", "26.0.1");
    Path lowest = house.jdk("jdk-b", "25");
    Path old = house.jdk("jdk-c", "17.0.1");
    house.environment.put("JAVA_HOME", old.toString());
    assertEquals(lowest.toString(), home(house.start(house.launcher, "doctor")));
    Path link = Files.createSymbolicLink(house.tools.resolve("java"), newer.resolve("bin/java"));
    assertEquals(newer.toString(), home(house.start(house.launcher, "doctor")));
    Files.delete(link);
    house.environment.put("JAVA_HOME", newer.toString());
    assertEquals(newer.toString(), home(house.start(house.launcher, "doctor")));
  }

  @Test
  void withoutMavenItSaysWhatToInstall() throws Exception {
    house.jdk("a", "25");
    Outcome outcome = house.start(house.launcher, "doctor");
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("Install Maven 3.8.7 or newer"), outcome.err());
  }

  @Test
  void itStartsJavaOnTheModulePathWithTheNativeJarOnTheClassPath() throws Exception {
    house.maven();
    house.jdk("a", "25");
    house.environment.put("DALLE_HEAP", "3g");
    house.environment.put("DALLE_JAVA_OPTS", "-Da=1 -Db=2");
    long before = Instant.now().toEpochMilli();
    Outcome outcome = house.start(house.launcher, "generate", "a cat, \"two  dogs\"", "", "*");
    assertEquals(0, outcome.status(), outcome.err());
    List<String> arguments = outcome.out().lines().skip(1).toList();
    assertEquals(
        List.of("--module", "dev.dalle.trainer/dev.dalle.trainer.cli.Main", "generate", "a cat, \"two  dogs\"", "", "*"),
        arguments.subList(arguments.indexOf("--module"), arguments.size()));
    assertTrue(arguments.containsAll(List.of("-Xmx3g", "-Djava.awt.headless=true", "--enable-native-access=dev.dalle.bindings", "-Da=1", "-Db=2")));
    Path modules = Path.of(arguments.get(arguments.indexOf("--module-path") + 1));
    assertEquals(List.of("dalle-trainer-0.1.jar", "lib.jar"), names(modules));
    Path classPath = Path.of(arguments.get(arguments.indexOf("--class-path") + 1));
    assertEquals("*", classPath.getFileName().toString());
    assertEquals(List.of("dnnl-1-linux-x86_64.jar"), names(classPath.getParent()));
    long started = arguments.stream().filter(a -> a.startsWith("-Ddalle.started=")).mapToLong(a -> Long.parseLong(a.substring(16))).sum();
    assertTrue(before <= started + 1 && started <= Instant.now().toEpochMilli(), started + " is not after " + before);
    assertFalse(String.join(" ", arguments).contains("dalle.terminal"), "standard error is a file");
  }

  @Test
  void itBuildsWhenSomethingIsMissingOrChanged() throws Exception {
    house.maven();
    house.jdk("a", "25");
    Outcome first = house.start(house.launcher, "doctor");
    assertTrue(first.err().contains("building"), first.err());
    Outcome second = house.start(house.launcher, "doctor");
    assertEquals("", second.err());
    assertEquals(1, house.mavenCalls().size());
    assertTrue(house.mavenCalls().getFirst().contains("package -DskipTests -pl dalle-trainer -am"), house.mavenCalls().getFirst());

    Path source = house.repository.resolve("dalle-trainer/src/main/java/A.java");
    Files.writeString(source, "class A { int changed; }");
    house.start(house.launcher, "doctor");
    assertEquals(2, house.mavenCalls().size(), "a changed source");
    Files.delete(source);
    Outcome after = house.start(house.launcher, "doctor");
    assertEquals(3, house.mavenCalls().size(), "a removed source");
    Files.writeString(house.repository.resolve("pom.xml"), "<project></project>");
    house.start(house.launcher, "doctor");
    assertEquals(4, house.mavenCalls().size(), "a changed pom");
    Files.createDirectories(house.repository.resolve("dalle-bench/src/main"));
    Files.writeString(house.repository.resolve("dalle-bench/pom.xml"), "<project/>");
    house.start(house.launcher, "doctor");
    assertEquals(4, house.mavenCalls().size(), "the benchmarks are no part of the application");
    assertNotEquals(first.out().lines().toList().get(2), after.out().lines().toList().get(2), "each build has its own folder");
    assertEquals(1, applications(), "older builds that nobody runs are removed");
  }

  @Test
  void aFailedBuildKeepsNothingAndIsTriedAgain() throws Exception {
    house.maven();
    house.jdk("a", "25");
    house.environment.put("MAVEN_FAILS", "1");
    Outcome outcome = house.start(house.launcher, "doctor");
    assertEquals(1, outcome.status());
    assertEquals("", outcome.out());
    assertTrue(outcome.err().contains("[ERROR] no network") && outcome.err().contains("dalle: the build failed"), outcome.err());
    assertEquals(0, applications());
    house.environment.remove("MAVEN_FAILS");
    assertEquals(0, house.start(house.launcher, "doctor").status());
  }

  @Test
  void itWorksThroughLinksAndFromElsewhere() throws Exception {
    house.maven();
    house.jdk("a", "25");
    Path one = Files.createSymbolicLink(house.repository.resolve("one"), Path.of("dalle"));
    Path two = Files.createSymbolicLink(Files.createDirectories(house.top.resolve("else where")).resolve("two"), one);
    Outcome outcome = house.start(two, "doctor");
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.out().contains("my repository/target/dalle/app-"), outcome.out());
  }

  @Test
  void twoStartsAtOnceBuildOnce() throws Exception {
    assumeTrue(Files.exists(house.tools.resolve("flock")), "without flock two builds may run at once");
    house.maven();
    house.jdk("a", "25");
    house.environment.put("MAVEN_SLEEPS", "0.7");
    List<Process> both = List.of(house.begin(house.launcher, "doctor"), house.begin(house.launcher, "doctor"));
    for (Process process : both) {
      Outcome outcome = house.end(process);
      assertEquals(0, outcome.status(), outcome.err());
    }
    assertEquals(1, house.mavenCalls().size());
  }

  @Test
  void testIsMavenVerifyUnderTheJdkThatWasFound() throws Exception {
    house.maven();
    Path jdk = house.jdk("a", "25");
    assertEquals(0, house.start(house.launcher, "test", "-pl", "dalle tokenizer").status());
    assertEquals(List.of(jdk + " verify -pl dalle tokenizer"), house.mavenCalls());
    house.environment.put("MAVEN_FAILS", "1");
    assertEquals(1, house.start(house.launcher, "test").status());
    house.environment.remove("MAVEN_FAILS");
    assertTrue(house.start(house.launcher, "test", "--help").out().contains("--help"), "help is the program's");
  }

  @Test
  void theDrawingsAreFetchedOnceForCommandsThatNeedThem() throws Exception {
    house.maven();
    house.jdk("a", "25");
    String property = "-Ddalle.emoji.jar=" + house.cache.resolve("iconify__json-2.2.378.jar");
    assertFalse(house.start(house.launcher, "doctor").out().contains("dalle.emoji.jar"));
    assertFalse(house.start(house.launcher, "demo", "--help").out().contains("dalle.emoji.jar"));
    assertFalse(house.start(house.launcher, "data", "--data", "folder:x").out().contains("dalle.emoji.jar"));
    assertFalse(house.start(house.launcher, "tokenizer", "encode", "x").out().contains("dalle.emoji.jar"));
    assertEquals(1, house.mavenCalls().size());
    Outcome demo = house.start(house.launcher, "demo");
    assertTrue(demo.out().contains(property), demo.out());
    assertTrue(house.mavenCalls().getLast().contains("dependency:copy -Dartifact=org.webjars.npm:iconify__json:2.2.378"));
    assertTrue(house.start(house.launcher, "train", "dvae", "--data=emoji").out().contains(property));
    assertTrue(house.start(house.launcher, "doctor").out().contains(property), "doctor says where they are");
    assertEquals(2, house.mavenCalls().size());
    assertEquals(List.of("iconify__json-2.2.378.jar"), names(house.cache));
    house.start(house.launcher, "test");
    assertTrue(house.mavenCalls().getLast().contains(" verify " + property.replace("dalle.emoji", "dalle.test.emoji")), "a test of all drawings runs too");
  }

  @Test
  void withoutTheNetworkThereIsOneClearMessage() throws Exception {
    house.maven();
    house.jdk("a", "25");
    house.start(house.launcher, "doctor");
    house.environment.put("MAVEN_FAILS", "1");
    Outcome outcome = house.start(house.launcher, "demo");
    assertEquals(1, outcome.status());
    assertEquals("", outcome.out());
    assertTrue(
        outcome.err().contains("dalle: the emoji drawings (org.webjars.npm:iconify__json:2.2.378) could not be fetched: Maven needs the network"),
        outcome.err());
    assertEquals(2, outcome.err().lines().count(), outcome.err());
    assertEquals(List.of("fetch.log"), names(house.cache));
    assertEquals("[ERROR] no network\n", Files.readString(house.cache.resolve("fetch.log")));
  }

  /** The real program on the module path, from jars made of what this test runs with. */
  @Test
  void theRealProgramReportsMisuseAsStatusTwo() throws Exception {
    house.maven();
    house.environment.put("DALLE_JAVA_HOME", System.getProperty("java.home"));
    house.environment.put("REAL_JARS", realJars().toString());
    Outcome unknown = house.start(house.launcher, "docter");
    assertEquals(2, unknown.status(), unknown.err());
    assertTrue(unknown.err().contains("dalle: unknown command 'docter'; did you mean 'doctor'?"), unknown.err());
    Outcome version = house.start(house.launcher, "--version");
    assertEquals(0, version.status(), version.err());
    assertTrue(version.out().contains("Java " + Runtime.version()), version.out());
  }

  private Path realJars() throws Exception {
    Path jars = Files.createDirectories(house.top.resolve("real jars"));
    Path own = Files.createDirectory(jars.resolve("own"));
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    int count = 0;
    for (String entry : path.split(File.pathSeparator)) {
      Path file = Path.of(entry);
      String name = file.getFileName().toString();
      if (entry.endsWith("test-classes") || name.endsWith("-tests.jar") || name.toLowerCase(Locale.ROOT).matches("(junit|opentest4j|apiguardian|surefire).*")) {
        continue;
      }
      if (Files.isDirectory(file)) {
        Path folder = file.equals(Path.of("target/classes").toAbsolutePath()) ? own : jars;
        assertEquals(0, jar.run(System.out, System.err, "--create", "--file", folder.resolve("m" + count++ + ".jar").toString(), "-C", entry, "."));
      } else if (Files.exists(file)) {
        Files.copy(file, jars.resolve(name));
      }
    }
    assertEquals(1, names(own).size(), "this module's own classes");
    return jars;
  }

  private int applications() throws Exception {
    return (int) names(house.repository.resolve("target/dalle")).stream().filter(name -> name.startsWith("app-")).count();
  }

  private static List<String> names(Path folder) throws Exception {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).filter(n -> !n.startsWith(".")).sorted().toList();
    }
  }
}
