package dev.dalle.trainer.run;

import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.files.FileHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The two models whose tokens a transformer speaks, by the SHA-256 of their files. A file of weights keeps them in its metadata, under {@code dvae-sha256}
 * and {@code vocabulary-sha256}; with another dVAE or vocabulary of the same sizes everything would run and mean nothing.
 *
 * @param dvae of the dVAE's weights, 64 hexadecimal digits
 * @param vocabulary of the byte-pair vocabulary, 64 hexadecimal digits
 */
public record TrainedWith(String dvae, String vocabulary) {
  private static final String DVAE_KEY = "dvae-sha256";
  private static final String VOCABULARY_KEY = "vocabulary-sha256";

  /**
   * That of two files as they are now. A vocabulary may be a folder of vocab.json and merges.txt, as other programs keep it, which has the hashes of both.
   *
   * @throws IOException if one is missing or cannot be read
   */
  public static TrainedWith of(Path dvae, Path vocabulary) throws IOException {
    return new TrainedWith(FileHash.sha256(dvae), Files.isDirectory(vocabulary)
        ? FileHash.sha256(vocabulary.resolve("vocab.json")) + FileHash.sha256(vocabulary.resolve("merges.txt")) : FileHash.sha256(vocabulary));
  }

  /**
   * What a transformer's weights say.
   *
   * @return nothing for weights of a release that did not record it
   * @throws IOException if the file is missing or damaged
   */
  public static Optional<TrainedWith> read(Path transformer) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(transformer)) {
      Map<String, String> metadata = file.metadata();
      return Optional.ofNullable(metadata.get(DVAE_KEY))
          .flatMap(dvae -> Optional.ofNullable(metadata.get(VOCABULARY_KEY)).map(vocabulary -> new TrainedWith(dvae, vocabulary)));
    }
  }

  /**
   * Fails if a transformer was trained with other files than these. Reads no weights. A vocabulary in another format is another file.
   *
   * @param found what the two files are known by
   * @throws ConfigException naming the files and both hashes of each that differs
   * @throws IOException if the transformer's file is missing or damaged
   */
  public static void check(Path transformer, Path dvae, Path vocabulary, TrainedWith found) throws IOException {
    read(transformer).flatMap(recorded -> recorded.difference(dvae, vocabulary, found)).ifPresent(difference -> {
      throw new ConfigException(transformer + " was trained with " + difference + ": use the files of one run");
    });
  }

  /**
   * How two files differ from those that this names.
   *
   * @param found what the two files are known by
   * @return such as {@code dVAE 1a2b3c4d5e6f, runs/x/dvae.safetensors is 9c8d7e6f5a4b}; nothing if they are the same
   */
  public Optional<String> difference(Path dvaeFile, Path vocabularyFile, TrainedWith found) {
    List<String> differences = new ArrayList<>();
    difference("dVAE ", dvae, dvaeFile, found.dvae()).ifPresent(differences::add);
    difference("vocabulary ", vocabulary, vocabularyFile, found.vocabulary()).ifPresent(differences::add);
    return differences.isEmpty() ? Optional.empty() : Optional.of(String.join(", and with ", differences));
  }

  private static Optional<String> difference(String model, String recorded, Path file, String found) {
    return found.equals(recorded) ? Optional.empty()
        : Optional.of(model + FileHash.shortened(recorded) + ", " + file + " is " + FileHash.shortened(found));
  }

  /** As texts beside the weights. */
  Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(DVAE_KEY, dvae);
    metadata.put(VOCABULARY_KEY, vocabulary);
    return metadata;
  }
}
