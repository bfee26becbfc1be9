/**
 * The example trainer: data sets, stages, checkpoints, the {@code dalle} command and the report.
 *
 * <p>It is an application, started by the launcher {@code dalle} at the root of the repository, on the module path, with
 * {@code --enable-native-access=dev.dalle.bindings} and {@code --add-modules jdk.incubator.vector}.
 */
module dev.dalle.trainer {
  requires info.picocli;
  requires java.desktop;
  requires jdk.management;
  requires me.tongfei.progressbar;
  requires org.apache.logging.log4j;
  requires tools.jackson.databind;

  opens dev.dalle.trainer.cli to
      info.picocli;
}
