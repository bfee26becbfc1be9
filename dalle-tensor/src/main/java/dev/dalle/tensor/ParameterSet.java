package dev.dalle.tensor;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The parameters of a model in the order in which they were made, each under a name of its own. */
public final class ParameterSet implements Iterable<Parameter> {
  private final Map<String, Parameter> byName = new LinkedHashMap<>();
  private final Scope scope;
  private final DType matrixType;
  private final boolean detached;

  /** An empty set whose parameters will live in the given scope, their values in F32. */
  public ParameterSet(Scope scope) {
    this(scope, DType.F32);
  }

  /**
   * An empty set whose parameters will live in the given scope.
   *
   * @param matrixType type of the values of those of kind MATRIX: F32, F16 or BF16; those of kind FULL are F32
   */
  public ParameterSet(Scope scope, DType matrixType) {
    this(scope, matrixType, false);
  }

  private ParameterSet(Scope scope, DType matrixType, boolean detached) {
    this.scope = scope;
    this.detached = detached;
    if (!matrixType.isFloating()) {
      throw new IllegalArgumentException("matrix type: expected F32, F16 or BF16, got " + matrixType);
    }
    this.matrixType = matrixType;
  }

  /**
   * An empty set whose parameters have no memory of their own, see {@link Parameter#detached}.
   *
   * @param scope of the device on which they will be used
   * @param matrixType type of the values of those of kind MATRIX: F32, F16 or BF16; those of kind FULL are F32
   */
  public static ParameterSet detached(Scope scope, DType matrixType) {
    return new ParameterSet(scope, matrixType, true);
  }

  /**
   * Makes a parameter.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public Parameter add(String name, Parameter.Kind kind, long... dims) {
    if (byName.containsKey(name)) {
      throw new IllegalArgumentException("two parameters are named " + name);
    }
    DType valueType = kind == Parameter.Kind.MATRIX ? matrixType : DType.F32;
    Parameter parameter = detached ? Parameter.detached(name, kind, Shape.of(dims), valueType)
        : new Parameter(scope, name, kind, Shape.of(dims), valueType);
    byName.put(name, parameter);
    return parameter;
  }

  /** Where the parameters live. */
  public Scope scope() {
    return scope;
  }

  /** Type of the values of parameters of kind MATRIX. */
  public DType matrixType() {
    return matrixType;
  }

  /**
   * The parameter of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Parameter get(String name) {
    Parameter parameter = byName.get(name);
    if (parameter == null) {
      throw new IllegalArgumentException("no parameter is named " + name);
    }
    return parameter;
  }

  /** All, in the order in which they were made. */
  public Collection<Parameter> all() {
    return Collections.unmodifiableCollection(byName.values());
  }

  /** All as a list. */
  public List<Parameter> toList() {
    return new ArrayList<>(byName.values());
  }

  /** All as a stream. */
  public Stream<Parameter> stream() {
    return byName.values().stream();
  }

  /** Number of trained numbers. */
  public long elementCount() {
    return stream().mapToLong(parameter -> parameter.shape().elementCount()).sum();
  }

  /** Empties every gradient. */
  public void clearGradients() {
    byName.values().forEach(Parameter::clearGradient);
  }

  @Override
  public Iterator<Parameter> iterator() {
    return all().iterator();
  }
}
