package dev.dalle.trainer.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Renders every drawing of an artifact into a cache file. The calling thread reads the sets, {@code threads} others draw; few
 * bodies wait at any time, so memory stays small. The file appears under its name when it is whole and on disk.
 */
final class EmojiCacheWriter {
  private final EmojiArtifact artifact;
  private final EmojiCatalogue catalogue;
  private final int side;
  private final int threads;
  private final EmojiPictures.Progress progress;
  private final Map<Integer, String> failures = new ConcurrentHashMap<>();
  private final AtomicReference<Throwable> broken = new AtomicReference<>();
  private final AtomicInteger done = new AtomicInteger();

  EmojiCacheWriter(EmojiArtifact artifact, EmojiCatalogue catalogue, int side, int threads, EmojiPictures.Progress progress) {
    this.artifact = artifact;
    this.catalogue = catalogue;
    this.side = side;
    this.threads = threads;
    this.progress = progress;
  }

  void write(Path target, String digest) {
    long pixels = (long) catalogue.drawings().size() * EmojiCache.pictureBytes(side);
    try {
      Files.createDirectories(target.toAbsolutePath().getParent());
      // Not createTempFile, which would make a file that only its owner may read.
      Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
      try {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
          drawAll(channel);
          byte[] index = EmojiCache.json(index());
          writeFully(channel, index, EmojiCache.PIXELS_AT + pixels);
          int check;
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, EmojiCache.PIXELS_AT, pixels, arena);
            check = EmojiCache.pixelCheck(whole);
          }
          writeFully(channel, EmojiCache.header(digest, side, catalogue.drawings().size(), index, check), 0);
          channel.force(true);
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new DataException("rendered emoji cache " + target + ": cannot be written (" + e.getMessage() + "); it needs "
          + ((pixels >> 20) + 8) + " MB. Free that much or choose another cache folder", e);
    }
  }

  private record Slot(int number, EmojiCatalogue.Drawing drawing) {}

  private void drawAll(FileChannel channel) throws IOException {
    Semaphore waiting = new Semaphore(4 * threads);
    ThreadLocal<DrawingRenderer> renderers = ThreadLocal.withInitial(() -> new DrawingRenderer(side));
    ExecutorService workers = Executors.newFixedThreadPool(threads,
        work -> Thread.ofPlatform().daemon().name("emoji-renderer").unstarted(work));
    try {
      for (EmojiStyle style : EmojiStyle.values()) {
        Map<String, List<Slot>> wanted = wanted(style);
        if (wanted.isEmpty()) {
          continue;
        }
        artifact.bodies(style, (icon, body) -> {
          for (Slot slot : wanted.getOrDefault(icon, List.of())) {
            waiting.acquireUninterruptibly();
            workers.execute(() -> {
              try {
                draw(channel, slot, body, renderers.get());
              } catch (IOException | RuntimeException | Error e) {
                broken.compareAndSet(null, e);
              } finally {
                waiting.release();
              }
            });
          }
        });
      }
    } finally {
      workers.shutdown();
      awaitEnd(workers);
    }
    switch (broken.get()) {
      case null -> { }
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  private static void awaitEnd(ExecutorService workers) {
    boolean interrupted = false;
    while (true) {
      try {
        if (workers.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        // The channel is still in use; the interrupt is passed on when it no longer is.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void draw(FileChannel channel, Slot slot, String body, DrawingRenderer renderer) throws IOException {
    if (broken.get() != null) {
      return;
    }
    byte[] rgb;
    try {
      rgb = renderer.draw(body, slot.drawing.box(), slot.drawing.turn());
    } catch (DrawingRenderer.DrawingException e) {
      failures.put(slot.number, e.getMessage());
      rgb = new byte[EmojiCache.pictureBytes(side)];
    }
    writeFully(channel, rgb, EmojiCache.PIXELS_AT + (long) slot.number * rgb.length);
    progress.drawn(done.incrementAndGet(), catalogue.drawings().size());
  }

  private Map<String, List<Slot>> wanted(EmojiStyle style) {
    Map<String, List<Slot>> wanted = new HashMap<>();
    for (int i = 0; i < catalogue.drawings().size(); i++) {
      EmojiCatalogue.Drawing drawing = catalogue.drawings().get(i);
      if (drawing.style() == style) {
        wanted.computeIfAbsent(drawing.icon(), key -> new ArrayList<>()).add(new Slot(i, drawing));
      }
    }
    return wanted;
  }

  private EmojiIndex index() {
    List<EmojiIndex.Entry> examples = new ArrayList<>();
    List<EmojiIndex.Failure> missing = new ArrayList<>();
    for (int i = 0; i < catalogue.drawings().size(); i++) {
      EmojiCatalogue.Drawing drawing = catalogue.drawings().get(i);
      if (failures.containsKey(i)) {
        missing.add(new EmojiIndex.Failure(drawing.id(), failures.get(i)));
      } else {
        examples.add(new EmojiIndex.Entry(i, drawing.style(), drawing.id(), drawing.name(), drawing.caption()));
      }
    }
    List<EmojiIndex.Terms> licences = new ArrayList<>();
    for (EmojiStyle style : EmojiStyle.values()) {
      if (catalogue.licences().containsKey(style)) {
        licences.add(new EmojiIndex.Terms(style, catalogue.licences().get(style)));
      }
    }
    return new EmojiIndex(examples, missing, licences, catalogue.withdrawn(), catalogue.sameByAlias(), catalogue.sameByBody());
  }

  private static void writeFully(FileChannel channel, byte[] bytes, long at) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long position = at;
    while (buffer.hasRemaining()) {
      position += channel.write(buffer, position);
    }
  }
}
