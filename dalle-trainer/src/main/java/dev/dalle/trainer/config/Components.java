package dev.dalle.trainer.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;

/** Reflection on records. */
final class Components {

  private Components() {}

  static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  static Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> c -> c;
      case ParameterizedType p -> (Class<?>) p.getRawType();
      default -> throw new IllegalArgumentException("configuration records cannot have a component of type " + type);
    };
  }

  /** The {@code index}-th type argument, for example String of {@code List<String>}. */
  static Type argument(Type type, int index) {
    if (type instanceof ParameterizedType p) {
      return p.getActualTypeArguments()[index];
    }
    throw new IllegalArgumentException("configuration records need type arguments, got the raw type " + type);
  }

  static Object get(RecordComponent component, Record value) {
    try {
      var accessor = component.getAccessor();
      open(accessor, value.getClass());
      return accessor.invoke(value);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(component + " of " + value.getClass().getName() + " failed", e.getCause());
    } catch (IllegalAccessException e) {
      throw inaccessible(value.getClass(), e);
    }
  }

  /** Calls the canonical constructor; what it throws comes out as it is. */
  static Record make(Class<?> type, Object[] values) throws InvocationTargetException {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      open(constructor, type);
      return (Record) constructor.newInstance(values);
    } catch (NoSuchMethodException | InstantiationException e) {
      throw new IllegalStateException("a record without a canonical constructor: " + type.getName(), e);
    } catch (IllegalAccessException e) {
      throw inaccessible(type, e);
    }
  }

  /** Records of this module need not be public; those of other modules are reached through what they export. */
  private static void open(java.lang.reflect.AccessibleObject member, Class<?> type) {
    if (type.getModule() == Components.class.getModule()) {
      member.setAccessible(true);
    }
  }

  private static IllegalStateException inaccessible(Class<?> type, IllegalAccessException cause) {
    return new IllegalStateException(type.getName() + " must be public and in an exported package to be a configuration", cause);
  }
}
