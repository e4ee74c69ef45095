package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.tokenizer.Tokenizer;
import io.headgate.weights.Activation;
import io.headgate.weights.ClipConfig;
import io.headgate.weights.TextConfig;
import io.headgate.weights.Weights;
import io.headgate.weights.WeightsOptions;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CLIP model, ready to embed images and texts and to take image embeddings apart (method.md §1).
 *
 * <p>Safe for concurrent callers; each computes on its own thread (and the native library's
 * workers). {@link #close()} waits for calls under way; later ones throw {@link
 * IllegalStateException}.
 */
public final class ClipModel implements Decomposer, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClipModel.class);

  private final NDManager manager;
  private final Path folder;
  private final Weights weights;
  private final VisionModel vision;
  private final Optional<Admission> admission;
  private final ModelShape shape;
  private final ClipOptions options;
  private final String fingerprint;
  private final Optional<ModelClasses> classes;
  private final Optional<ZeroShotClassifier> classifier;
  private final ReadWriteLock closing = new ReentrantReadWriteLock();
  private boolean closed;

  private ClipModel(Path folder, ClipOptions options, Weights weights, NDManager manager) {
    this.manager = manager;
    this.folder = folder;
    this.weights = weights;
    this.options = options;
    VisionSpec spec = VisionSpec.of(weights.config());
    this.shape = spec.shape();
    this.fingerprint = weights.fingerprint(options.precision().name());
    this.classes = ModelClasses.load(folder);
    this.classifier = classes.map(this::classifier);
    Precision precision = options.precision();
    this.vision = load(spec, precision);
    try {
      weights.unmap();
      SelfTest.requireLaw(vision, shape, precision, weights.path());
      this.admission = precision == Precision.FP32 ? Optional.empty() : Optional.of(admit(spec));
    } catch (RuntimeException | Error e) {
      vision.close();
      throw e;
    }
  }

  private VisionModel load(VisionSpec spec, Precision precision) {
    Arithmetic arithmetic = SelfTest.choose(manager, precision, options.device());
    return new VisionModel(
        manager,
        VisionTower.load(manager, Parameters.of(weights), spec, arithmetic, classifier),
        shape,
        threads(),
        options.maxBatch());
  }

  /** Of one call. */
  private int threads() {
    return options.device().equals("cpu") ? options.effectiveThreads() : 1;
  }

  private Admission admit(VisionSpec spec) {
    try (VisionModel fp32 = load(spec, Precision.FP32)) {
      boolean gpu = manager.getDevice().isGpu();
      weights.unmap();
      Admission figures = SelfTest.compare(vision, fp32, shape, options.precision(), gpu);
      figures.require(weights.path());
      log.info("{}: {}", weights.path(), figures);
      return figures;
    }
  }

  /**
   * Opens a model: weights in any form that {@link Weights} reads, vocabulary, and {@code
   * classes.json} if there is one.
   *
   * @param folderOrFile a model folder, or a checkpoint whose folder has the rest
   * @throws UserException if something is missing, malformed or does not fit together
   */
  public static ClipModel open(Path folderOrFile, ClipOptions options) {
    if (options.precision() == Precision.FP16 && options.device().equals("cpu")) {
      throw new UserException(
          "precision fp16 on the cpu, which computes it 30 times slower than fp32 (expected: fp32 or bf16, or a gpu)");
    }
    Weights weights =
        Weights.open(
            folderOrFile,
            new WeightsOptions(options.activation(), options.heads(), OptionalInt.empty()));
    try {
      weights.requireFinite();
      NDManager manager = Engine.newManager(options.device());
      try {
        Path folder =
            Files.isDirectory(folderOrFile)
                ? folderOrFile
                : folderOrFile.toAbsolutePath().getParent();
        return new ClipModel(folder, options, weights, manager);
      } catch (RuntimeException | Error e) {
        manager.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      weights.close();
      throw e;
    }
  }

  @Override
  public ModelShape shape() {
    return shape;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  /** Hash of the weights alone: the same numbers in another file format have the same. */
  public String weightsHash() {
    return weights.weightsHash();
  }

  /** Arithmetic of the vision tower. */
  public Precision precision() {
    return options.precision();
  }

  /** How a lower precision did against float32 at load; empty for float32 itself. */
  public Optional<Admission> admission() {
    return admission;
  }

  /** What the model folder's {@code classes.json} says, if there is one. */
  public Optional<ModelClasses> classes() {
    return classes;
  }

  /** Over the folder's classes, if it names any. */
  public Optional<ZeroShotClassifier> classifier() {
    return classifier;
  }

  @Override
  public List<Decomposition> decompose(List<RgbImage> images) {
    return open(() -> vision.decompose(images));
  }

  @Override
  public List<Decomposition> decomposeWithout(List<RgbImage> images, int[][] patchTokens) {
    return open(() -> vision.decomposeWithout(images, patchTokens));
  }

  @Override
  public List<float[]> tokenContributions(List<RgbImage> images, float[][] directions) {
    return open(() -> vision.tokenContributions(images, directions));
  }

  /**
   * The class token's attention in the last layer.
   *
   * @return per image {@code [H, N]} row-major, each head's row summing to 1
   */
  public List<float[]> tokenMaps(List<RgbImage> images) {
    return open(() -> vision.tokenMaps(images));
  }

  /**
   * Unit embeddings without their parts.
   *
   * @return {@code [B][D]}
   */
  public float[][] embed(List<RgbImage> images) {
    return open(() -> vision.embed(images)).toArray(float[][]::new);
  }

  /**
   * Decomposes images that another preprocessing has made.
   *
   * @param values {@code [B,3,S,S]} row-major, normalised
   * @param count B
   * @throws IllegalArgumentException if sizes disagree
   */
  public List<Decomposition> decomposePixels(float[] values, int count) {
    return open(() -> vision.decomposeValues(values, count));
  }

  /**
   * {@link #tokenMaps} of images that another preprocessing has made.
   *
   * @param values {@code [B,3,S,S]} row-major, normalised
   * @param count B
   * @throws IllegalArgumentException if sizes disagree
   */
  public List<float[]> tokenMapsOfPixels(float[] values, int count) {
    return open(() -> vision.tokenMapsOfValues(values, count));
  }

  /**
   * Unit text embeddings. The text tower is loaded for the call and freed after it.
   *
   * @return {@code [B][D]}
   * @throws UserException if the checkpoint has no text tower
   */
  public float[][] encodeTexts(List<String> texts) {
    return open(() -> encode(texts));
  }

  /**
   * Unit embeddings of tokenised texts.
   *
   * @param ids {@code [B][context length]}; the largest id ends a text
   * @return {@code [B][D]}
   * @throws UserException if the checkpoint has no text tower
   */
  public float[][] encodeTokens(int[][] ids) {
    return open(() -> encode(ids));
  }

  /**
   * The vocabulary of the model folder, with the text tower's context length.
   *
   * @throws UserException if the checkpoint has no text tower or the vocabulary is another model's
   */
  public Tokenizer tokenizer() {
    return tokenizer(folder);
  }

  /**
   * A vocabulary, with the text tower's context length.
   *
   * @param vocabulary what {@link Tokenizer#open} takes
   * @throws UserException if the checkpoint has no text tower or the vocabulary is another model's
   */
  public Tokenizer tokenizer(Path vocabulary) {
    TextConfig text = text();
    Tokenizer tokenizer = Tokenizer.open(vocabulary, text.contextLength());
    if (tokenizer.vocabularySize() > text.vocabularySize()) {
      throw new UserException(
          "%s: a vocabulary of %,d tokens for a text tower of %,d (expected: vocab.json and merges.txt of this model beside its weights)"
              .formatted(vocabulary, tokenizer.vocabularySize(), text.vocabularySize()));
    }
    return tokenizer;
  }

  private float[][] encode(List<String> texts) {
    return encode(texts.stream().map(tokenizer()::encode).toArray(int[][]::new));
  }

  private float[][] encode(int[][] ids) {
    TextConfig text = text();
    ClipConfig config = weights.config();
    TextSpec spec =
        new TextSpec(
            text.width(),
            text.layers(),
            text.heads(),
            config.embedding(),
            config.activation() == Activation.QUICK_GELU,
            config.layerNormEps());
    try (Crew crew = new Crew(threads());
        TextTower tower = TextTower.load(manager, Parameters.of(weights), spec)) {
      return tower.encode(manager, crew, ids);
    }
  }

  private TextConfig text() {
    return weights
        .config()
        .textTower()
        .orElseThrow(
            () ->
                new UserException(
                    "%s: no text tower, so no texts and no classes (expected: a checkpoint of both towers, or no %s)"
                        .formatted(weights.path(), ModelClasses.FILE)));
  }

  /** Each class's mean of its prompts' unit embeddings, made unit norm (method.md §4). */
  private ZeroShotClassifier classifier(ModelClasses from) {
    int templates = from.templates().size();
    List<String> prompts = new ArrayList<>();
    from.classes().forEach(name -> prompts.addAll(from.prompts(name)));
    float[][] texts = encode(prompts);
    float[][] means = new float[from.classes().size()][];
    for (int k = 0; k < means.length; k++) {
      means[k] =
          ZeroShotClassifier.unitMean(List.of(texts).subList(k * templates, (k + 1) * templates));
    }
    return new ZeroShotClassifier(from.classes(), means, logitScale());
  }

  /** exp of the model's learned scale. */
  float logitScale() {
    return (float) Math.exp(Parameters.of(weights).all("logit_scale")[0]);
  }

  private <T> T open(Supplier<T> call) {
    closing.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("model is closed");
      }
      return call.get();
    } finally {
      closing.readLock().unlock();
    }
  }

  @Override
  public void close() {
    closing.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        vision.close();
        manager.close();
        weights.close();
      }
    } finally {
      closing.writeLock().unlock();
    }
  }
}
