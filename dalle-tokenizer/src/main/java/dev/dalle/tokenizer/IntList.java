package dev.dalle.tokenizer;

import java.util.Arrays;

/** A growing {@code int[]}. */
final class IntList {

    private int[] values;
    private int size;

    IntList(int initialCapacity) {
        values = new int[Math.max(4, initialCapacity)];
    }

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, grownLength(values.length));
        }
        values[size++] = value;
    }

    void addAll(int[] more) {
        for (int value : more) {
            add(value);
        }
    }

    int get(int index) {
        return values[index];
    }

    int size() {
        return size;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }

    /** The values from {@code from} to the end. */
    int[] toArray(int from) {
        return Arrays.copyOfRange(values, from, size);
    }

    /** Half as much again; arrays end a little below 2^31 elements. */
    static int grownLength(int length) {
        int max = Integer.MAX_VALUE - 8;
        if (length >= max) {
            throw new OutOfMemoryError("more than " + max + " tokens in one text; cut the text into parts");
        }
        return (int) Math.min(max, length + (length >> 1) + 4L);
    }
}
