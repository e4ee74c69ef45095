package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A TorchScript program kept as resources, with its placeholders filled in. Safe for concurrent
 * callers.
 */
final class Program implements AutoCloseable {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  private final PtSymbolBlock block;

  private Program(PtSymbolBlock block) {
    this.block = block;
  }

  /**
   * @param owner closes the program if nobody else does
   * @param placeholders every {@code ${name}} of the sources
   */
  static Program load(NDManager owner, Map<String, ?> placeholders, String... resources) {
    try {
      byte[] archive = ScriptArchive.of(source(placeholders, resources));
      PtSymbolBlock block =
          JniUtils.loadModule((PtNDManager) owner, new ByteArrayInputStream(archive), false, false);
      JniUtils.enableInferenceMode(block);
      return new Program(block);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String source(Map<String, ?> placeholders, String... resources) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String resource : resources) {
      try (InputStream in = Program.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException("no resource " + resource);
        }
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        text.lines()
            .map(line -> line.replaceFirst("#.*", "").stripTrailing())
            .filter(line -> !line.isEmpty())
            .forEach(line -> all.append(line).append('\n'));
      }
    }
    Matcher matcher = PLACEHOLDER.matcher(all);
    StringBuilder filled = new StringBuilder();
    while (matcher.find()) {
      Object value = placeholders.get(matcher.group(1));
      if (value == null) {
        throw new IllegalArgumentException("no value for placeholder " + matcher.group());
      }
      matcher.appendReplacement(filled, Matcher.quoteReplacement(value.toString()));
    }
    matcher.appendTail(filled);
    return filled.toString();
  }

  /** Runs a method that returns one tensor; the caller's manager owns the result. */
  PtNDArray tensor(NDManager owner, String method, IValue... arguments) {
    try (IValue result = run(method, arguments)) {
      return result.toTensor((PtNDManager) owner);
    }
  }

  /** Runs a method that returns a tuple of tensors; the caller's manager owns the results. */
  PtNDArray[] tensors(NDManager owner, String method, IValue... arguments) {
    try (IValue result = run(method, arguments)) {
      IValue[] items = result.toIValueTuple();
      PtNDArray[] tensors = new PtNDArray[items.length];
      for (int i = 0; i < items.length; i++) {
        try (IValue item = items[i]) {
          tensors[i] = item.toTensor((PtNDManager) owner);
        }
      }
      return tensors;
    }
  }

  private IValue run(String method, IValue... arguments) {
    // The profiling executor would specialise its graph during the first calls, which costs seconds
    // and lets concurrent first callers differ; the plain one is as fast here. Thread-local in
    // torch.
    JniUtils.setGraphExecutorOptimize(false);
    return IValueUtils.runMethod(block, method, arguments);
  }

  @Override
  public void close() {
    block.close();
  }
}
