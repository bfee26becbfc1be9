/**
 * The example trainer: data sets, stages, checkpoints, the {@code dalle} command and the report. Picture files are read
 * through the service providers of TwelveMonkeys, so those jars belong on the module path.
 *
 * <p>It is an application, started by the launcher {@code dalle} at the root of the repository, on the module path, with
 * {@code --enable-native-access=dev.dalle.bindings} and {@code --add-modules jdk.incubator.vector}.
 */
module dev.dalle.trainer {
  requires com.github.weisj.jsvg;
  requires com.twelvemonkeys.imageio.jpeg;
  requires com.twelvemonkeys.imageio.webp;
  requires dev.dalle.attention;
  requires dev.dalle.bindings;
  requires dev.dalle.dist;
  requires dev.dalle.dvae;
  requires dev.dalle.precision;
  requires dev.dalle.tensor;
  requires dev.dalle.tokenizer;
  requires info.picocli;
  requires java.desktop;
  requires jdk.management;
  requires me.tongfei.progressbar;
  requires org.apache.commons.compress;
  requires org.apache.commons.csv;
  requires org.apache.logging.log4j;
  requires tools.jackson.databind;

  exports dev.dalle.trainer.data;
  exports dev.dalle.trainer.picture;

  opens dev.dalle.trainer.cli to
      info.picocli;
  // The index of the rendered cache is a record that Jackson fills.
  opens dev.dalle.trainer.data to
      tools.jackson.databind;
}
