package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchLoaderTest {
  private static final EpochOrder ORDER = new EpochOrder(11, 29);

  private static List<String> batches(long first, int count, int ahead, int threads) {
    List<String> seen = new ArrayList<>();
    try (BatchLoader<String> loader = new BatchLoader<>(ORDER, 7, first, ahead, threads,
        job -> job.number() + Arrays.toString(job.indices()) + job.random().nextLong())) {
      for (int i = 0; i < count; i++) {
        assertEquals(first + i, loader.nextNumber());
        seen.add(loader.next());
      }
    }
    return seen;
  }

  private static BatchLoader.Job job(long number, int... indices) {
    return new BatchLoader.Job(number, indices, new DerivedRandom(1, number), () -> false);
  }

  @Test
  void batchesDependOnTheirNumberAlone() {
    List<String> all = batches(0, 40, 1, 1);
    assertEquals(all, batches(0, 40, 3, 2));
    assertEquals(all, batches(0, 40, 9, 7));
    assertEquals(all.subList(17, 40), batches(17, 23, 2, 2));
    assertEquals("3[" + ORDER.index(21) + ", " + ORDER.index(22), all.get(3).substring(0, all.get(3).indexOf(',', all.get(3).indexOf(',') + 1)));
  }

  @Test
  void atMostSoManyAreMadeAhead() throws InterruptedException {
    AtomicInteger made = new AtomicInteger();
    Semaphore progress = new Semaphore(0);
    try (BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 3, 2, job -> {
      made.incrementAndGet();
      progress.release();
      return job.number();
    })) {
      assertTrue(progress.tryAcquire(3, 30, TimeUnit.SECONDS));
      assertFalse(progress.tryAcquire(100, TimeUnit.MILLISECONDS), "made more than three ahead");
      assertEquals(0, loader.next());
      assertTrue(progress.tryAcquire(30, TimeUnit.SECONDS));
      assertFalse(progress.tryAcquire(100, TimeUnit.MILLISECONDS), "made more than one in place of the one taken");
      assertEquals(4, made.get());
    }
  }

  @Test
  void failuresReachTheConsumerAtTheirBatch() {
    PictureException failure = new PictureException("cat.png: is damaged");
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 4, 2, job -> {
      if (job.number() == 2) {
        throw failure;
      }
      return job.number();
    });
    assertEquals(0, loader.next());
    assertEquals(1, loader.next());
    assertSame(failure, assertThrows(PictureException.class, loader::next));
    assertEquals("batch 2 was asked of a closed loader", assertThrows(IllegalStateException.class, loader::next).getMessage());
    loader.close();
    BatchLoader<Long> worse = new BatchLoader<>(ORDER, 1, 0, 1, 1, job -> {
      throw new OutOfMemoryError("no room");
    });
    assertThrows(OutOfMemoryError.class, worse::next);
  }

  @Test
  void closingWaitsForItsThreadsAndDropsTheRest() throws InterruptedException {
    AtomicReference<Thread> worker = new AtomicReference<>();
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger made = new AtomicInteger();
    AtomicInteger interrupted = new AtomicInteger();
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 9, 1, job -> {
      worker.set(Thread.currentThread());
      begun.countDown();
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        interrupted.incrementAndGet();
      }
      made.incrementAndGet();
      return job.number();
    });
    begun.await();
    loader.close();
    loader.close();
    worker.get().join(30_000);
    assertFalse(worker.get().isAlive());
    assertEquals(0, interrupted.get());
    assertTrue(made.get() < 9, "made " + made.get());
  }

  @Test
  void anInterruptEndsTheWait() {
    CountDownLatch never = new CountDownLatch(1);
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 1, 1, job -> {
      try {
        never.await(200, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return job.number();
    });
    Thread.currentThread().interrupt();
    CancellationException e = assertThrows(CancellationException.class, loader::next);
    assertTrue(Thread.interrupted());
    assertTrue(e.getMessage().contains("batch 0"));
  }

  @Test
  void picturesBecomeNumbersWithTheirCaptions() {
    CaptionedPictures data = SplitTest.numbered(40, "");
    int[] part = {3, 5, 8, 13, 21, 34};
    EpochOrder order = new EpochOrder(2, part.length);
    BatchLoader.Preparer<PictureBatch> preparer = PictureBatch.preparer(data, part, 12, Augmentation.dvae(8));
    try (BatchLoader<PictureBatch> loader = new BatchLoader<>(order, 4, 0, 2, 1, preparer)) {
      PictureBatch first = loader.next();
      PictureBatch second = loader.next();
      assertEquals(0, first.number());
      assertEquals(8, first.side());
      assertEquals(4 * 8 * 8 * 3, first.pixels().length);
      assertNotSame(first.pixels(), second.pixels());
      for (int i = 0; i < 4; i++) {
        assertEquals(part[order.index(i)], first.examples()[i]);
        assertEquals("number " + first.examples()[i], first.captions().get(i));
        assertEquals(first.examples()[i] / 255f, first.pixels()[i * 192 + 100]);
      }
    }
    PictureBatch again = preparer.prepare(job(1, 1));
    assertArrayEquals(new int[] {5}, again.examples());
  }

  @Test
  void aPictureThatIsUnfitIsNamed() {
    BatchLoader.Preparer<PictureBatch> preparer =
        PictureBatch.preparer(SplitTest.numbered(4, "cats/"), new int[] {2}, 7, Augmentation.none(8));
    String message = assertThrows(PictureException.class, () -> preparer.prepare(job(0, 0))).getMessage();
    assertTrue(message.startsWith("data set numbers, example cats/2: expected a picture of at least 8 pixels"), message);
    assertThrows(IllegalArgumentException.class,
        () -> new PictureBatch(0, new int[1], List.of("a"), new float[7 * Picture.CHANNELS], 7));
    assertThrows(IllegalArgumentException.class, () -> new BatchLoader<>(ORDER, 0, 0, 1, 1, BatchLoader.Job::number));
  }

  /** Decoded, varied and batched on so many threads, some of which are slow where others are fast. */
  private static List<float[]> varied(int threads) {
    CaptionedPictures data = new SlowPictures(40, 20, 8, index -> index % 7 == 0 ? 3 : 0);
    List<float[]> seen = new ArrayList<>();
    try (BatchLoader<PictureBatch> loader = new BatchLoader<>(new EpochOrder(5, 40), 6, 0, threads + 1, threads,
        PictureBatch.preparer(data, allOf(data), 24, Augmentation.dvae(16)))) {
      for (int i = 0; i < 12; i++) {
        seen.add(loader.next().pixels());
      }
    }
    return seen;
  }

  private static int[] allOf(CaptionedPictures data) {
    return IntStream.range(0, data.size()).toArray();
  }

  @Test
  void variedPicturesHaveTheSameBitsOnOneTwoAndSevenThreads() {
    List<float[]> one = varied(1);
    assertFalse(Arrays.equals(one.get(0), one.get(7)), "the epochs do not differ");
    for (int threads : new int[] {2, 7}) {
      List<float[]> more = varied(threads);
      for (int i = 0; i < one.size(); i++) {
        assertArrayEquals(one.get(i), more.get(i), "batch " + i + " on " + threads + " threads");
      }
    }
  }

  /** What was taken is not kept, and what was not asked for is not made: counted by what the garbage collector leaves. */
  @Test
  void noMoreBatchesAreAliveThanWerePromised() {
    int ahead = 3;
    List<WeakReference<float[]>> made = new CopyOnWriteArrayList<>();
    try (BatchLoader<float[]> loader = new BatchLoader<>(ORDER, 1, 0, ahead, 2, job -> {
      float[] pixels = new float[1 << 20];
      made.add(new WeakReference<>(pixels));
      return pixels;
    })) {
      for (int i = 0; i < 30; i++) {
        assertEquals(1 << 20, loader.next().length);
        System.gc();
        long alive = made.stream().filter(batch -> batch.get() != null).count();
        // The last one taken may still be in a register or a frame of this method.
        assertTrue(alive <= ahead + 1, alive + " batches are alive after " + (i + 1) + " were taken");
      }
    }
    assertTrue(made.size() >= 30);
  }

  @Test
  void aSlowBatchIsLeftAtItsNextPicture() {
    AtomicInteger read = new AtomicInteger();
    CaptionedPictures data = new SlowPictures(1000, 8, 8, index -> {
      read.incrementAndGet();
      return 20;
    });
    BatchLoader<PictureBatch> loader =
        new BatchLoader<>(new EpochOrder(5, 1000), 1000, 0, 2, 2, PictureBatch.preparer(data, allOf(data), 8, Augmentation.none(8)));
    while (read.get() < 4) {
      Thread.onSpinWait();
    }
    loader.close();
    int atClose = read.get();
    assertTrue(atClose < 500, "twenty seconds of work were waited for: " + atClose + " pictures");
    assertEquals(List.of(), workers(), "threads are left");
    assertEquals(atClose, read.get());
  }

  /** Threads that stay: a pool is over a moment before its last thread is. */
  private static List<Thread> workers() {
    List<Thread> left = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      try {
        if (thread.getName().startsWith("batch-loader-") && !thread.join(Duration.ofSeconds(10))) {
          left.add(thread);
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return left;
  }

  /** Closing waits for a reader that is stuck, whatever interrupts it: the data set below is closed next. */
  @Test
  void aPictureBeingReadIsWaitedFor() throws InterruptedException {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 1, 1, job -> {
      reading.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException("the reader was interrupted", e);
      }
      return job.number();
    });
    reading.await();
    AtomicReference<Boolean> interrupted = new AtomicReference<>();
    Thread closer = Thread.ofPlatform().start(() -> {
      loader.close();
      interrupted.set(Thread.currentThread().isInterrupted());
    });
    closer.interrupt();
    closer.join(100);
    assertTrue(closer.isAlive(), "closed while a picture was being read");
    release.countDown();
    closer.join(30_000);
    assertFalse(closer.isAlive());
    assertEquals(true, interrupted.get(), "the interrupt was swallowed");
    assertEquals(List.of(), workers());
  }

  @Test
  void aFailingPictureIsNamedOnceAndEndsTheLoader() {
    for (int threads : new int[] {1, 2, 7}) {
      CaptionedPictures data = new SlowPictures(40, 8, 8, index -> {
        switch (index) {
          case 17 -> throw new PictureException("seventeen.png: is cut short");
          case 18 -> throw new DataException("shard 3: cannot be read");
          case 19 -> throw new IllegalStateException("decoder");
          default -> {
            return 0;
          }
        }
      });
      assertEquals("data set slow, example slow/17: seventeen.png: is cut short", failure(PictureException.class, data, threads, 4, 17, 5));
      assertEquals("data set slow, example slow/18: shard 3: cannot be read", failure(DataException.class, data, threads, 18));
      assertEquals("data set slow, example slow/19: unexpected java.lang.IllegalStateException: decoder",
          failure(IllegalStateException.class, data, threads, 0, 19));
      assertEquals(List.of(), workers());
    }
  }

  private static String failure(Class<? extends RuntimeException> type, CaptionedPictures data, int threads, int... part) {
    BatchLoader<PictureBatch> loader = new BatchLoader<>(whole(part.length), 1, 0, threads, threads,
        PictureBatch.preparer(data, part, 8, Augmentation.none(8)));
    String message = assertThrows(type, loader::next).getMessage();
    assertTrue(assertThrows(IllegalStateException.class, loader::next).getMessage().contains("closed loader"));
    return message;
  }

  private static BatchPlan whole(int size) {
    return new BatchPlan() {
      @Override
      public long batches() {
        return 1;
      }

      @Override
      public int[] indices(long number) {
        return IntStream.range(0, size).toArray();
      }
    };
  }

  @Test
  void aPlanThatEndsEnds() {
    try (BatchLoader<Integer> loader = new BatchLoader<>(whole(3), 1, 0, 5, 2, job -> job.indices().length)) {
      assertTrue(loader.hasNext());
      assertEquals(3, loader.next());
      assertFalse(loader.hasNext());
      assertEquals("batch 1 was asked for, there are 1", assertThrows(NoSuchElementException.class, loader::next).getMessage());
    }
    try (BatchLoader<Integer> none = new BatchLoader<>(whole(3), 1, 1, 1, 1, job -> 0)) {
      assertFalse(none.hasNext());
    }
    assertThrows(IllegalArgumentException.class, () -> new BatchLoader<>(whole(3), 1, 2, 1, 1, job -> 0));
  }
}
