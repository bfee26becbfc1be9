package dev.dalle.trainer.report;

import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The two files that a report becomes.
 *
 * @param html one self-contained page
 * @param metrics the same numbers as JSON
 */
public record ReportFiles(Path html, Path metrics) {

  /** {@code report.html} and {@code metrics.json} in a folder. */
  public static ReportFiles in(Path folder) {
    return new ReportFiles(folder.resolve("report.html"), folder.resolve("metrics.json"));
  }

  /**
   * Writes both files, each as a whole or not at all.
   *
   * @throws IOException if a file cannot be written; what it held before is still there
   */
  public void write(Report report) throws IOException {
    AtomicFiles.writeString(html, HtmlReport.write(report));
    AtomicFiles.writeString(metrics, MetricsJson.write(report));
  }

  /**
   * Reads the numbers of the JSON file.
   *
   * @return finite numbers by {@link Metric#key()}
   * @throws IOException if the file is missing, damaged or of another version
   */
  public Map<String, Double> readMetrics() throws IOException {
    return MetricsJson.read(metrics);
  }
}
