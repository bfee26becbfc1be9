package dev.dalle.tensor;

/**
 * Offers the implementation of a family of operations for some kind of device. Found by {@link java.util.ServiceLoader}; this is how
 * a module brings operations of its own, and how somebody's own device can run them.
 */
public interface OperationProvider {
  /** The interface that is implemented. */
  Class<?> family();

  /** Whether {@link #create} can serve this device. */
  boolean supports(Device device);

  /** An implementation bound to the device; made once a device. */
  Object create(Device device);
}
