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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchLoaderTest {
  private static final EpochOrder ORDER = new EpochOrder(11, 29);

  private static List<String> batches(long first, int count, int ahead, int threads) {
    List<String> seen = new ArrayList<>();
    try (BatchLoader<String> loader = new BatchLoader<>(ORDER, 7, first, ahead, threads,
        (number, indices, random) -> number + Arrays.toString(indices) + random.nextLong())) {
      for (int i = 0; i < count; i++) {
        assertEquals(first + i, loader.nextNumber());
        seen.add(loader.next());
      }
    }
    return seen;
  }

  @Test
  void batchesDependOnTheirNumberAlone() {
    List<String> all = batches(0, 40, 1, 1);
    assertEquals(all, batches(0, 40, 5, 3));
    assertEquals(all.subList(17, 40), batches(17, 23, 2, 2));
    assertEquals("3[" + ORDER.index(21) + ", " + ORDER.index(22), all.get(3).substring(0, all.get(3).indexOf(',', all.get(3).indexOf(',') + 1)));
  }

  @Test
  void atMostSoManyAreMadeAhead() throws InterruptedException {
    AtomicInteger made = new AtomicInteger();
    Semaphore progress = new Semaphore(0);
    try (BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 3, 2, (number, indices, random) -> {
      made.incrementAndGet();
      progress.release();
      return number;
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
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 4, 2, (number, indices, random) -> {
      if (number == 2) {
        throw failure;
      }
      return number;
    });
    assertEquals(0, loader.next());
    assertEquals(1, loader.next());
    assertSame(failure, assertThrows(PictureException.class, loader::next));
    assertEquals("batch 2 was asked of a closed loader", assertThrows(IllegalStateException.class, loader::next).getMessage());
    loader.close();
    BatchLoader<Long> worse = new BatchLoader<>(ORDER, 1, 0, 1, 1, (number, indices, random) -> {
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
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 9, 1, (number, indices, random) -> {
      worker.set(Thread.currentThread());
      begun.countDown();
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        interrupted.incrementAndGet();
      }
      made.incrementAndGet();
      return number;
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
    BatchLoader<Long> loader = new BatchLoader<>(ORDER, 1, 0, 1, 1, (number, indices, random) -> {
      try {
        never.await(200, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return number;
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
    PictureBatch again = preparer.prepare(1, new int[] {1}, new DerivedRandom(1, 1));
    assertArrayEquals(new int[] {5}, again.examples());
  }

  @Test
  void aPictureThatIsUnfitIsNamed() {
    BatchLoader.Preparer<PictureBatch> preparer =
        PictureBatch.preparer(SplitTest.numbered(4, "cats/"), new int[] {2}, 7, Augmentation.none(8));
    String message = assertThrows(PictureException.class, () -> preparer.prepare(0, new int[] {0}, new DerivedRandom(1))).getMessage();
    assertTrue(message.startsWith("data set numbers, example cats/2: expected a picture of at least 8 pixels"), message);
    assertThrows(IllegalArgumentException.class,
        () -> new PictureBatch(0, new int[1], List.of("a"), new float[7 * Picture.CHANNELS], 7));
    assertThrows(IllegalArgumentException.class, () -> new BatchLoader<>(ORDER, 0, 0, 1, 1, (n, i, r) -> n));
  }
}
