package dev.dalle.trainer.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a component of type {@code double}: the value that a file without its key stands for. For keys that came later than files which have to be read: the
 * value must be the one with which everything is as it was before.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface WhenMissing {
  /** The value. */
  double value();
}
