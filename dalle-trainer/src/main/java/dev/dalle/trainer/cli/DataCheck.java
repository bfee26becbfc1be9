package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Whether the emoji drawings are there, which the launcher fetches for the commands that work on them. */
record DataCheck(Optional<Path> emojiJar) implements HealthCheck {

  @Override
  public String name() {
    return "data";
  }

  @Override
  public List<Finding> findings() {
    return List.of(
        emojiJar
            .filter(Files::isRegularFile)
            .map(jar -> Finding.ok("emoji drawings", jar.toString()))
            .orElseGet(
                () ->
                    Finding.warning(
                        "emoji drawings", "not fetched yet", "./dalle demo fetches them through Maven, once; be online then")));
  }
}
