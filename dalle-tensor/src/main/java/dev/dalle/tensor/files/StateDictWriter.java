package dev.dalle.tensor.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Lays an archive as torch.save writes it out, and writes it. */
final class StateDictWriter {
  private static final String FOLDER = "archive/";
  private static final byte[] BYTE_ORDER = "little".getBytes(StandardCharsets.US_ASCII);
  /** The version of the form of archives that PyTorch has written since 1.6. */
  private static final byte[] VERSION = "3\n".getBytes(StandardCharsets.US_ASCII);
  /** Where the sum stands in a record's header. */
  private static final int SUM_AT = 14;

  private final List<OutputTensor> tensors;
  private final byte[] pickle;
  private final ZipLayout layout = new ZipLayout();

  StateDictWriter(List<OutputTensor> tensors) {
    this.tensors = List.copyOf(tensors);
    TensorOutput.checkNames(this.tensors);
    this.pickle = StateDictPickle.of(this.tensors);
    layout.add(FOLDER + "data.pkl", pickle.length);
    layout.add(FOLDER + "byteorder", BYTE_ORDER.length);
    for (int i = 0; i < this.tensors.size(); i++) {
      layout.add(FOLDER + "data/" + i, this.tensors.get(i).byteSize());
    }
    layout.add(FOLDER + "version", VERSION.length);
  }

  void write(Path path, TensorOutput.Sink sink) throws IOException {
    WholeFile.replace(path, layout.byteSize(), channel -> {
      CRC32 sum = new CRC32();
      try (TensorOutput output = new TensorOutput(channel, (to, bytes) -> {
        int from = bytes.position();
        int count = sink.write(to, bytes);
        sum.update(bytes.duplicate().position(from).limit(from + count));
        return count;
      })) {
        List<ZipLayout.Place> summed = new ArrayList<>();
        for (ZipLayout.Place place : layout.places()) {
          output.write(place.header());
          sum.reset();
          writeContent(output, summed.size());
          summed.add(place.withSum((int) sum.getValue()));
          putSum(channel, place, sum);
        }
        output.write(layout.directory(summed));
      }
    });
  }

  private void writeContent(TensorOutput output, int record) throws IOException {
    if (record >= 2 && record < 2 + tensors.size()) {
      tensors.get(record - 2).elements().writeTo(output);
    } else {
      output.write(ByteBuffer.wrap(record == 0 ? pickle : record == 1 ? BYTE_ORDER : VERSION));
    }
  }

  /** The sum stands before the content, and the content may be too large to be looked at twice. */
  private static void putSum(FileChannel channel, ZipLayout.Place place, CRC32 sum) throws IOException {
    channel.write(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, (int) sum.getValue()), place.at() + SUM_AT);
  }
}
