package dev.dalle.trainer.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A copy of the launcher in a small repository whose Maven and JDKs are shell scripts that write down how they were called. The
 * PATH has the standard tools and nothing else, so that what the machine has installed makes no difference.
 */
final class LauncherHouse {

  private static final List<String> TOOLS =
      List.of("bash", "env", "sed", "head", "dirname", "readlink", "cat", "date", "mkdir", "find", "cp", "mv", "rm", "ln", "flock", "sleep", "tput", "touch");

  final Path top;
  final Path repository;
  final Path launcher;
  final Path tools;
  final Path jdks;
  final Path cache;
  final Map<String, String> environment = new TreeMap<>();

  /** What a start of the launcher did. */
  record Outcome(int status, String out, String err) {}

  LauncherHouse(Path folder) throws IOException {
    top = folder;
    repository = Files.createDirectories(folder.resolve("my repository"));
    tools = Files.createDirectories(folder.resolve("tools"));
    jdks = Files.createDirectories(folder.resolve("jdks"));
    cache = folder.resolve("the cache");
    launcher = Files.copy(Path.of("../dalle"), repository.resolve("dalle"));
    executable(launcher);
    for (String tool : TOOLS) {
      for (String place : List.of("/bin", "/usr/bin")) {
        Path real = Path.of(place, tool);
        if (Files.exists(real) && !Files.exists(tools.resolve(tool))) {
          // No links: the removal of this folder would warn of each that leads out of it.
          Files.writeString(tools.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
          executable(tools.resolve(tool));
        }
      }
    }
    Files.writeString(repository.resolve("pom.xml"), "<project/>");
    Files.createDirectories(repository.resolve("dalle-trainer/src/main/java"));
    Files.writeString(repository.resolve("dalle-trainer/pom.xml"), "<project/>");
    Files.writeString(repository.resolve("dalle-trainer/src/main/java/A.java"), "class A {}");
    environment.put("PATH", tools.toString());
    environment.put("HOME", folder.resolve("home").toString());
    environment.put("DALLE_JDK_FOLDERS", jdks.toString());
    environment.put("DALLE_CACHE", cache.toString());
  }

  /** A JDK whose java prints its own home and its arguments, one a line. */
  Path jdk(String name, String version) throws IOException {
    Path home = jdks.resolve(name);
    script(home.resolve("bin/java"), "printf '%s\\n' '" + home + "' \"$@\"");
    script(home.resolve("bin/javac"), "exit 1");
    Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  /** A Maven that notes its arguments, and builds and fetches what the launcher asks for. */
  void maven() throws IOException {
    script(
        tools.resolve("mvn"),
        """
        printf '%s\\n' "$JAVA_HOME $*" >>"$TOP/maven.log"
        [ -n "${MAVEN_SLEEPS:-}" ] && sleep "$MAVEN_SLEEPS"
        if [ -n "${MAVEN_FAILS:-}" ]; then echo "[ERROR] no network"; exit 1; fi
        for argument in "$@"; do
          case $argument in -DoutputDirectory=*) out=${argument#*=} ;; -Dartifact=*) artifact=1 ;; esac
        done
        [ -n "${out:-}" ] || exit 0
        mkdir -p "$out"
        if [ -n "${artifact:-}" ]; then echo data >"$out/iconify__json-2.2.378.jar"; exit 0; fi
        mkdir -p dalle-trainer/target
        echo ours >dalle-trainer/target/dalle-trainer-0.1.jar
        echo tests >dalle-trainer/target/dalle-trainer-0.1-tests.jar
        if [ -n "${REAL_JARS:-}" ]; then
          for jar in "$REAL_JARS"/*.jar; do ln -s "$jar" "$out/"; done
          cp "$REAL_JARS"/own/*.jar dalle-trainer/target/dalle-trainer-0.1.jar
        else
          echo lib >"$out/lib.jar"
          echo native >"$out/dnnl-1-linux-x86_64.jar"
        fi
        """);
    environment.put("TOP", top.toString());
  }

  List<String> mavenCalls() throws IOException {
    Path log = top.resolve("maven.log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  Outcome start(Path command, String... arguments) throws IOException, InterruptedException {
    return end(begin(command, arguments));
  }

  Process begin(Path command, String... arguments) throws IOException {
    List<String> line = new ArrayList<>(List.of(command.toString()));
    line.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(line).directory(top.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    Path err = Files.createTempFile(top, "err", ".txt");
    builder.redirectError(err.toFile());
    Process process = builder.start();
    errors.put(process.pid(), err);
    return process;
  }

  private final Map<Long, Path> errors = new TreeMap<>();

  Outcome end(Process process) throws IOException, InterruptedException {
    String out = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("the launcher did not end within 60 s");
    }
    return new Outcome(process.exitValue(), out, Files.readString(errors.get(process.pid())));
  }

  private static void script(Path file, String body) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/usr/bin/env bash\n" + body + "\n");
    executable(file);
  }

  private static void executable(Path file) {
    if (!file.toFile().setExecutable(true)) {
      throw new IllegalStateException(file + " cannot be made executable");
    }
  }
}
