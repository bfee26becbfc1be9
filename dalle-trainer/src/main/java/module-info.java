/**
 * The example trainer: data sets, stages, checkpoints, the {@code dalle} command and the report. Picture files are read
 * through the service providers of TwelveMonkeys, so those jars belong on the module path.
 */
module dev.dalle.trainer {
  requires com.github.weisj.jsvg;
  requires com.twelvemonkeys.imageio.jpeg;
  requires com.twelvemonkeys.imageio.webp;
  requires java.desktop;
  requires org.apache.commons.compress;
  requires org.apache.commons.csv;
  requires org.apache.logging.log4j;
  requires tools.jackson.databind;

  exports dev.dalle.trainer.data;
  exports dev.dalle.trainer.picture;

  // The index of the rendered cache is a record that Jackson fills.
  opens dev.dalle.trainer.data to tools.jackson.databind;
}
