package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.PaperMethod;
import io.headgate.detection.Score;
import io.headgate.guard.Evidence;
import io.headgate.guard.Guard;
import io.headgate.guard.GuardOptions;
import io.headgate.guard.InfectedHead;
import io.headgate.guard.Judgement;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.v1.grpc.DetectorScore;
import io.headgate.v1.grpc.Inspection;
import io.headgate.v1.grpc.Label;
import io.headgate.v1.grpc.Route;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Arrays;
import java.util.List;

/** The real engine: a guard over a loaded model. */
final class GuardEngine implements BatchEngine {
  private final ModelHandle handle;
  private final Guard guard;
  private final EngineDescription description;
  private final SimilarityDrift drift;

  /**
   * @throws io.headgate.calibration.CalibrationException if the calibration is not this model's;
   *     the handle is not retained then
   */
  GuardEngine(ModelHandle handle, Calibration calibration, RepairPolicy policy) {
    this.guard = new Guard(handle.model(), handle.classifier(), calibration, policy);
    this.handle = handle;
    ModelShape shape = handle.model().shape();
    this.description =
        new EngineDescription(
            new ServedIds(handle.model().fingerprint(), calibration.id()),
            shape.imageSize(),
            shape.layers(),
            shape.heads(),
            shape.embedding(),
            calibration.content().preprocessing(),
            handle.precision(),
            policy.id(),
            calibration.content().createdAt(),
            handle.classifier().map(ZeroShotClassifier::classes).orElse(List.of()));
    this.drift = drift(guard.bank().paper());
    handle.retain();
  }

  /** The mean of r·μ over the images that μ is the mean of is μ·μ. */
  private static SimilarityDrift drift(PaperMethod paper) {
    int d = paper.shape().embedding();
    double[] means = new double[paper.shape().heads()];
    for (int h = 0; h < means.length; h++) {
      for (int i = h * d; i < (h + 1) * d; i++) {
        means[h] += (double) paper.prototypes()[i] * paper.prototypes()[i];
      }
    }
    return new SimilarityDrift(means, paper.epsilon());
  }

  ModelHandle handle() {
    return handle;
  }

  RepairPolicy policy() {
    return guard.policy();
  }

  @Override
  public EngineDescription description() {
    return description;
  }

  @Override
  public SimilarityDrift drift() {
    return drift;
  }

  @Override
  public List<Judged> judge(List<Question> questions) {
    Judged[] judged = new Judged[questions.size()];
    judge(questions, false, judged);
    judge(questions, true, judged);
    return Arrays.asList(judged);
  }

  /** Evidence costs one more pass, so only those who want it share a call. */
  private void judge(List<Question> questions, boolean evidence, Judged[] judged) {
    int[] which = new int[questions.size()];
    int count = 0;
    int labels = 1;
    for (int i = 0; i < which.length; i++) {
      if (questions.get(i).evidence() == evidence) {
        which[count++] = i;
        labels = Math.max(labels, questions.get(i).topLabels());
      }
    }
    if (count == 0) {
      return;
    }
    List<Judgement> judgements =
        guard.judge(
            Arrays.stream(which, 0, count).mapToObj(i -> questions.get(i).image()).toList(),
            GuardOptions.DEFAULT.withTopLabels(labels).withEvidence(evidence));
    for (int k = 0; k < count; k++) {
      judged[which[k]] = new GuardJudged(judgements.get(k), questions.get(which[k]).topLabels());
    }
  }

  @Override
  public void close() {
    handle.release();
  }

  private record GuardJudged(Judgement judgement, int topLabels) implements Judged {
    @Override
    public Inspection inspection() {
      Inspection.Builder to =
          Inspection.newBuilder()
              .setRoute(route())
              .setEmbeddingRepaired(judgement.verdict() instanceof Verdict.Repaired)
              .setPolicy(judgement.policy().id())
              .setBorderline(judgement.borderline());
      for (float x : judgement.verdict().embedding()) {
        to.addEmbedding(x);
      }
      for (InfectedHead head : judgement.infectedHeads()) {
        to.addInfectedHeads(
            io.headgate.v1.grpc.InfectedHead.newBuilder()
                .setLayer(head.layer())
                .setHead(head.head())
                .setSimilarity(head.similarity())
                .setThreshold(head.threshold()));
      }
      for (Score score : judgement.scores().all()) {
        to.addScores(
            DetectorScore.newBuilder()
                .setDetector(score.detector())
                .setScore(score.score())
                .setThreshold(score.threshold())
                .setFlagged(score.flagged()));
      }
      judgement.labels().stream()
          .limit(topLabels)
          .forEach(
              label ->
                  to.addLabels(
                      Label.newBuilder()
                          .setName(label.name())
                          .setProbability(label.probability())));
      judgement.suspectedLabel().ifPresent(label -> to.setSuspectedLabel(label.name()));
      judgement.evidence().ifPresent(evidence -> to.setEvidence(evidence(evidence)));
      return to.build();
    }

    private Route route() {
      Verdict verdict = judgement.verdict();
      if (verdict instanceof Verdict.Clean) {
        return Route.ROUTE_CLEAN;
      }
      return verdict instanceof Verdict.Repaired ? Route.ROUTE_REPAIRED : Route.ROUTE_QUARANTINED;
    }

    private static io.headgate.v1.grpc.Evidence.Builder evidence(Evidence from) {
      io.headgate.v1.grpc.Evidence.Builder to =
          io.headgate.v1.grpc.Evidence.newBuilder()
              .setLayers(from.layers())
              .setHeads(from.heads())
              .setGridSize(from.grid());
      for (float x : from.lastLayerHeads()) {
        to.addLastLayerHeads(x);
      }
      for (float x : from.tokenMap()) {
        to.addTokenMap(x);
      }
      for (int token : from.suspectedTokens()) {
        to.addSuspectedTokens(token);
      }
      return to;
    }

    @Override
    public ImageFigures figures() {
      ImageFigures.Route route =
          switch (route()) {
            case ROUTE_CLEAN -> ImageFigures.Route.CLEAN;
            case ROUTE_REPAIRED -> ImageFigures.Route.REPAIRED;
            default -> ImageFigures.Route.QUARANTINED;
          };
      return new ImageFigures(
          route,
          judgement.infectedHeads().size(),
          judgement.similarities(),
          judgement.scores().all().stream()
              .map(s -> new ImageFigures.Score(s.detector(), s.score(), s.flagged()))
              .toList(),
          judgement.residual());
    }
  }
}
