package dev.dalle.tensor.files;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Lays a file out and writes it. */
final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;

  private final List<OutputTensor> tensors;
  private final byte[] header;
  private final long byteSize;

  SafetensorsWriter(List<OutputTensor> tensors, Map<String, String> metadata) {
    this.tensors = List.copyOf(tensors);
    checkNames();
    this.header = header(new TreeMap<>(metadata));
    if (header.length > SafetensorsHeader.MAX_LENGTH) {
      throw new IllegalArgumentException("tensors: expected names that fit into a header of " + SafetensorsHeader.MAX_LENGTH + " bytes, got "
          + header.length + " bytes for " + tensors.size() + " tensors");
    }
    this.byteSize = Long.BYTES + header.length + this.tensors.stream().mapToLong(OutputTensor::byteSize).sum();
  }

  private void checkNames() {
    if (tensors.stream().anyMatch(named -> named.name().equals(SafetensorsHeader.METADATA))) {
      throw new IllegalArgumentException("tensors: the format keeps the name " + SafetensorsHeader.METADATA + " for itself");
    }
    TensorOutput.checkNames(tensors);
  }

  private byte[] header(Map<String, String> metadata) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectPropertyStart(SafetensorsHeader.METADATA);
        metadata.forEach((key, value) -> {
          TensorOutput.checkText("metadata", key);
          TensorOutput.checkText("metadata", value);
          json.writeStringProperty(key, value);
        });
        json.writeEndObject();
      }
      long begin = 0;
      for (OutputTensor tensor : tensors) {
        long end = begin + tensor.byteSize();
        json.writeObjectPropertyStart(tensor.name());
        json.writeStringProperty("dtype", tensor.type().name());
        writeNumbers(json, "shape", tensor.shape().toArray());
        writeNumbers(json, "data_offsets", begin, end);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    // Spaces to a multiple of eight: the data then begins aligned in a mapped file.
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    String padding = " ".repeat(-bytes.length & (ALIGNMENT - 1));
    return (text + padding).getBytes(StandardCharsets.UTF_8);
  }

  private static void writeNumbers(JsonGenerator json, String name, long... numbers) {
    json.writeArrayPropertyStart(name);
    for (long number : numbers) {
      json.writeNumber(number);
    }
    json.writeEndArray();
  }

  void write(Path path) throws IOException {
    write(path, FileChannel::write);
  }

  void write(Path path, TensorOutput.Sink sink) throws IOException {
    WholeFile.replace(path, byteSize, channel -> {
      try (TensorOutput output = new TensorOutput(channel, sink)) {
        output.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length));
        output.write(ByteBuffer.wrap(header));
        for (OutputTensor tensor : tensors) {
          tensor.elements().writeTo(output);
        }
      }
    });
  }
}
