package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationException;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.console.UserException;
import io.headgate.guard.RepairPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is served in step with what lies in the watched places. Works level-triggered: it
 * compares what it sees with what it tried last, so an event can neither be missed nor come twice,
 * and a model and its calibration may change in any order. What cannot be loaded, is half written
 * or does not fit leaves the old one serving.
 *
 * <p>Used by one thread at a time.
 */
final class Rollout implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Rollout.class);

  /** Puts an engine in service: warms it, then switches. */
  interface Stage {
    /**
     * Takes the engine over, also when it fails.
     *
     * @param newModel whether its model has not run before
     */
    void serve(BatchEngine engine, boolean newModel);
  }

  /** Told how a swap ended. */
  interface Observer {
    void ended(String what, boolean done, Duration took, String message);
  }

  private record Seen(String model, String calibrations) {}

  private final Path model;
  private final ModelLoader loader;
  private final List<CalibrationSource> calibrations;
  private final Optional<PublicKey> signer;
  private final Optional<Path> canaries;
  private final RepairPolicy policy;
  private final Supplier<OptionalLong> availableBytes;
  private final Clock clock;
  private final Stage stage;
  private final Observer observer;

  /** What was refused for want of memory is tried again after this long. */
  private static final Duration MEMORY_RETRY = Duration.ofSeconds(30);

  /** While nothing is served yet, the sources are looked at this often. */
  private static final Duration FIRST_LOOK = Duration.ofMillis(200);

  /** No source has a calibration of the model; one may come. */
  private static final class NoCalibrationException extends UserException {
    private static final long serialVersionUID = 1L;

    private NoCalibrationException(String message) {
      super(message);
    }
  }

  private Seen previous;
  private Seen tried;
  private String servedModelSignature;
  private ModelHandle servedModel;
  private String servedCalibration;
  private Instant retryAt = Instant.MAX;

  Rollout(
      Path model,
      ModelLoader loader,
      List<CalibrationSource> calibrations,
      Optional<PublicKey> signer,
      Optional<Path> canaries,
      RepairPolicy policy,
      Supplier<OptionalLong> availableBytes,
      Clock clock,
      Stage stage,
      Observer observer) {
    this.model = model;
    this.loader = loader;
    this.calibrations = List.copyOf(calibrations);
    this.signer = signer;
    this.canaries = canaries;
    this.policy = policy;
    this.availableBytes = availableBytes;
    this.clock = clock;
    this.stage = stage;
    this.observer = observer;
  }

  /**
   * Serves what is there now. Where a source may still bring this model's first calibration, waits
   * for it.
   *
   * @throws UserException saying why that cannot be
   */
  void start() {
    Seen now = look();
    while (!servesFirst(now)) {
      now = change(now);
    }
    previous = now;
    tried = now;
  }

  private boolean servesFirst(Seen now) {
    try {
      swapModel(now, load());
      return true;
    } catch (NoCalibrationException e) {
      if (calibrations.stream().noneMatch(CalibrationSource::isFed)) {
        throw e;
      }
      log.warn("{}; waiting for one", e.getMessage());
      return false;
    }
  }

  private Seen change(Seen last) {
    Seen now = last;
    while (now.equals(last)) {
      try {
        Thread.sleep(FIRST_LOOK.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserException("stopped while waiting for a calibration", e);
      }
      now = look();
    }
    return now;
  }

  /** Looks once; acts on what has changed and then stayed the same for one more look. */
  void tick() {
    Seen now = look();
    if (now.equals(tried) && clock.instant().isBefore(retryAt)) {
      previous = now;
      return;
    }
    if (!now.equals(previous)) {
      previous = now; // Somebody may still be writing.
      return;
    }
    tried = now;
    retryAt = Instant.MAX;
    boolean newModel = !now.model().equals(servedModelSignature);
    String what = newModel ? "model" : "calibration";
    long started = System.nanoTime();
    try {
      CalibrationSource.Loaded loaded = load();
      String message = newModel ? swapModel(now, loaded) : swapCalibration(loaded);
      if (message != null) {
        log.info("{} swapped: {}", what, message);
        observer.ended(what, true, since(started), message);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      String message = e instanceof UserException ? e.getMessage() : e.toString();
      log.warn("{} not swapped, the old one goes on serving: {}", what, message);
      log.debug("{} not swapped", what, e);
      observer.ended(what, false, since(started), message);
    }
  }

  private static Duration since(long started) {
    return Duration.ofNanos(System.nanoTime() - started);
  }

  private Seen look() {
    StringBuilder all = new StringBuilder();
    for (CalibrationSource source : calibrations) {
      all.append(source.signature()).append('\n');
    }
    return new Seen(FileSignature.of(model), all.toString());
  }

  private CalibrationSource.Loaded load() {
    List<Calibration> found = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (CalibrationSource source : calibrations) {
      CalibrationSource.Loaded loaded = source.load();
      problems.addAll(loaded.problems());
      for (Calibration calibration : loaded.calibrations()) {
        try {
          if (signer.isPresent()) {
            CalibrationKeys.verify(calibration, signer.get(), "calibration " + calibration.id());
          }
          calibration.requireFresh(clock.instant());
          found.add(calibration);
        } catch (CalibrationException e) {
          problems.add(e.getMessage());
        }
      }
    }
    return new CalibrationSource.Loaded(found, problems);
  }

  private String swapModel(Seen seen, CalibrationSource.Loaded loaded) {
    requireMemory();
    ModelHandle next = loader.load(model);
    next.retain();
    try {
      Calibration calibration = choose(next.model().fingerprint(), loaded);
      GuardEngine engine = new GuardEngine(next, calibration, policy);
      Admission.Figures figures;
      try {
        figures = Admission.check(next, canaries());
      } catch (RuntimeException | Error e) {
        engine.close();
        throw e;
      }
      stage.serve(engine, true);
      servedModel = next;
      servedModelSignature = seen.model();
      servedCalibration = calibration.id();
      return "model %s with calibration %s; %s"
          .formatted(next.model().fingerprint(), calibration.id(), figures);
    } finally {
      next.release();
    }
  }

  /** Returns null if the calibration to be served is served already. */
  private String swapCalibration(CalibrationSource.Loaded loaded) {
    Calibration calibration = choose(servedModel.model().fingerprint(), loaded);
    if (calibration.id().equals(servedCalibration)) {
      return null;
    }
    stage.serve(new GuardEngine(servedModel, calibration, policy), false);
    servedCalibration = calibration.id();
    return "calibration %s with model %s"
        .formatted(calibration.id(), servedModel.model().fingerprint());
  }

  /** The newest of this model. */
  private static Calibration choose(String fingerprint, CalibrationSource.Loaded loaded) {
    return loaded.calibrations().stream()
        .filter(c -> c.modelFingerprint().equals(fingerprint))
        .max(Comparator.comparing(c -> c.content().createdAt()))
        .orElseThrow(() -> noCalibration(fingerprint, loaded));
  }

  private static NoCalibrationException noCalibration(
      String fingerprint, CalibrationSource.Loaded loaded) {
    List<String> found = new ArrayList<>(loaded.problems());
    for (Calibration other : loaded.calibrations()) {
      found.add(
          "calibration %s was made for model %s".formatted(other.id(), other.modelFingerprint()));
    }
    return new NoCalibrationException(
        "no calibration for model %s (%s) — make one with 'headgate calibrate', or serve the model that it belongs to"
            .formatted(fingerprint, found.isEmpty() ? "found none" : String.join("; ", found)));
  }

  private Optional<Canaries> canaries() {
    if (canaries.isPresent()) {
      return canaries.map(Canaries::load);
    }
    Path folder = Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    Path beside = folder.resolve(Canaries.FILE);
    return Files.exists(beside) ? Optional.of(Canaries.load(beside)) : Optional.empty();
  }

  private void requireMemory() {
    long needed = loader.bytesNeeded(model);
    OptionalLong available = availableBytes.get();
    if (available.isPresent() && available.getAsLong() < needed) {
      retryAt = clock.instant().plus(MEMORY_RETRY);
      throw new UserException(
          "%s needs about %,d MB of memory%s, but %,d MB are available: give the service more memory%s"
              .formatted(
                  model,
                  needed >> 20,
                  servedModel == null ? "" : " beside the model that is served",
                  available.getAsLong() >> 20,
                  servedModel == null ? "" : ", or restart it with the new model"));
    }
  }

  @Override
  public void close() {
    calibrations.forEach(CalibrationSource::close);
  }
}
