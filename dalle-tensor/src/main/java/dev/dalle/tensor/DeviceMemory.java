package dev.dalle.tensor;

/** A piece of a device's memory. Only the device that made it can look inside. */
public interface DeviceMemory {
  /** Usable bytes; at least what was asked for. */
  long byteSize();
}
