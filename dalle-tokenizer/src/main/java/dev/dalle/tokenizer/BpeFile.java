package dev.dalle.tokenizer;

import static dev.dalle.tokenizer.BpeTokenizer.BYTE_TOKENS;
import static dev.dalle.tokenizer.BpeTokenizer.MAX_SIZE;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/**
 * The vocabulary file, format {@code dalle-bpe}, version 1. ASCII lines, each ended by a line feed:
 *
 * <pre>
 * dalle-bpe 1
 * split lowercase-az
 * merges 2
 * t h
 * th e
 * end 1f2e3d4c
 * </pre>
 *
 * Merges stand in order of rank, each as the texts of its two tokens. The last line carries the CRC-32C of all bytes
 * before it, so that a changed letter is noticed even where the result would still be a vocabulary. Nothing may follow.
 */
final class BpeFile {

    static final String FORMAT = "dalle-bpe";
    static final int VERSION = 1;
    static final int MAX_FILE_BYTES = 1 << 26;
    private static final int MAX_LINE_BYTES = 2 * BpeTokenizer.MAX_TOKEN_BYTES + 1;

    private BpeFile() {
    }

    static void write(Vocabulary vocabulary, Path file) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writeLine(out, FORMAT + " " + VERSION);
        writeLine(out, "split " + PaperSplit.NAME);
        writeLine(out, "merges " + vocabulary.mergeCount());
        for (int rank = 0; rank < vocabulary.mergeCount(); rank++) {
            writeLine(out, vocabulary.text(vocabulary.left(rank)) + " " + vocabulary.text(vocabulary.right(rank)));
        }
        writeLine(out, "end " + checksum(out.toByteArray(), out.size()));
        if (out.size() > MAX_FILE_BYTES) {
            throw new IOException(file + ": the vocabulary takes " + out.size() + " bytes, and files of at most "
                    + MAX_FILE_BYTES + " bytes can be loaded again; train a smaller vocabulary");
        }
        AtomicFile.write(file, ByteBuffer.wrap(out.toByteArray()));
    }

    static BpeTokenizer read(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_FILE_BYTES + 1);
        }
        if (bytes.length > MAX_FILE_BYTES) {
            throw new BpeFormatException(file, "expected at most " + MAX_FILE_BYTES
                    + " bytes, and the file has more; it is no " + FORMAT + " vocabulary");
        }
        return new Reader(file, bytes).read();
    }

    private static void writeLine(ByteArrayOutputStream out, String line) throws IOException {
        out.write(line.getBytes(StandardCharsets.US_ASCII));
        out.write('\n');
    }

    private static String checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return String.format("%08x", crc.getValue());
    }

    /** Reads line by line, remembering the line number for the error messages. */
    private static final class Reader {

        private final Path file;
        private final byte[] bytes;
        private int offset;
        private int lineNumber;

        Reader(Path file, byte[] bytes) {
            this.file = file;
            this.bytes = bytes;
        }

        BpeTokenizer read() throws BpeFormatException {
            readVersion();
            String split = readValue("split");
            if (!split.equals(PaperSplit.NAME)) {
                throw problem("expected the split rule " + PaperSplit.NAME + ", got " + quote(split));
            }
            int mergeCount = readMergeCount();
            Vocabulary.Builder builder = new Vocabulary.Builder();
            for (int rank = 0; rank < mergeCount; rank++) {
                String line = readLine("merge " + (rank + 1) + " of " + mergeCount);
                if (line.startsWith("end ")) {
                    // "end" is a possible token, so this may only be said where the line is no merge.
                    int space = line.indexOf(' ');
                    if (!isWord(line.substring(space + 1))) {
                        throw problem("expected merge " + (rank + 1) + " of " + mergeCount
                                + ", got the end line; merges are missing");
                    }
                }
                addMerge(builder, line);
            }
            int contentLength = offset;
            String expected = "end " + checksum(bytes, contentLength);
            String last = readLine("the end line");
            if (!last.startsWith("end ")) {
                throw problem("expected the end line after " + mergeCount + " merges, got " + quote(last));
            }
            if (!last.equals(expected)) {
                throw problem("expected \"" + expected + "\", got " + quote(last) + "; the file was changed or "
                        + "damaged after it was saved");
            }
            if (offset != bytes.length) {
                throw new BpeFormatException(file, "expected nothing after the end line " + lineNumber + ", got "
                        + (bytes.length - offset) + " more bytes");
            }
            return BpeTokenizer.of(builder);
        }

        private void readVersion() throws BpeFormatException {
            if (bytes.length == 0) {
                throw new BpeFormatException(file, "expected a " + FORMAT + " vocabulary, and the file is empty");
            }
            String wanted = FORMAT + " ";
            String start = new String(bytes, 0, Math.min(bytes.length, wanted.length()), StandardCharsets.ISO_8859_1);
            if (!start.equals(wanted)) {
                throw new BpeFormatException(file, "expected a vocabulary that starts with \"" + FORMAT + " "
                        + VERSION + "\", got " + quote(start) + "; is it a file of another program?");
            }
            String version = readValue(FORMAT);
            if (version.matches("[1-9][0-9]{0,8}") && Integer.parseInt(version) > VERSION) {
                throw problem("the file has version " + version + " of " + FORMAT + ", and this program reads version "
                        + VERSION + "; use a newer release");
            }
            if (!version.equals(Integer.toString(VERSION))) {
                throw problem("expected version " + VERSION + " of " + FORMAT + ", got " + quote(version));
            }
        }

        private int readMergeCount() throws BpeFormatException {
            String value = readValue("merges");
            int max = MAX_SIZE - BYTE_TOKENS;
            if (!value.matches("0|[1-9][0-9]{0,8}") || Integer.parseInt(value) > max) {
                throw problem("expected a number of merges from 0 to " + max + ", got " + quote(value));
            }
            return Integer.parseInt(value);
        }

        private void addMerge(Vocabulary.Builder builder, String line) throws BpeFormatException {
            int space = line.indexOf(' ');
            if (space < 0 || !isWord(line.substring(0, space)) || !isWord(line.substring(space + 1))) {
                throw problem("expected two tokens of letters a-z with a space between them, got " + quote(line));
            }
            try {
                builder.add(wordToken(builder, line.substring(0, space)),
                        wordToken(builder, line.substring(space + 1)));
            } catch (IllegalArgumentException e) {
                throw problem("bad merge " + quote(line) + ": " + e.getMessage());
            }
        }

        private static int wordToken(Vocabulary.Builder builder, String text) {
            OptionalInt id = builder.wordToken(text);
            return id.orElseThrow(() -> new IllegalArgumentException("no line above makes the token \"" + text + "\""));
        }

        private static boolean isWord(String text) {
            return !text.isEmpty() && text.chars().allMatch(PaperSplit::isLetter);
        }

        /** Reads a line {@code key value} and returns the value. */
        private String readValue(String key) throws BpeFormatException {
            String line = readLine("\"" + key + " ...\"");
            if (!line.startsWith(key + " ")) {
                throw problem("expected \"" + key + " ...\", got " + quote(line));
            }
            return line.substring(key.length() + 1);
        }

        private String readLine(String expected) throws BpeFormatException {
            lineNumber++;
            int end = offset;
            while (end < bytes.length && bytes[end] != '\n') {
                if (end - offset >= MAX_LINE_BYTES) {
                    throw problem("expected " + expected + ", got a line of more than " + MAX_LINE_BYTES + " bytes");
                }
                if (bytes[end] < 0x20 || bytes[end] == 0x7F) {
                    throw problem(String.format("expected %s, got the byte 0x%02x%s", expected, bytes[end],
                            bytes[end] == '\r' ? "; lines end in a line feed only, was the file converted?" : ""));
                }
                end++;
            }
            if (end == bytes.length) {
                throw problem("expected " + expected + ", and the file ends " + (end == offset ? "before" : "within")
                        + " this line; it is truncated");
            }
            String line = new String(bytes, offset, end - offset, StandardCharsets.US_ASCII);
            offset = end + 1;
            return line;
        }

        private BpeFormatException problem(String text) {
            return new BpeFormatException(file, "line " + lineNumber + ": " + text);
        }

        /** Shows what was found without letting it fill or upset a terminal. */
        private static String quote(String text) {
            String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
            StringBuilder out = new StringBuilder("\"");
            for (char c : shown.toCharArray()) {
                if (c >= 0x20 && c < 0x7F) {
                    out.append(c);
                } else {
                    out.append(String.format("\\u%04x", (int) c));
                }
            }
            return out.append('"').toString();
        }
    }
}
