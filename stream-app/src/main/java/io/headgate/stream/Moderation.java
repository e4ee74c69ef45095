package io.headgate.stream;

import io.headgate.client.Inspected;
import io.headgate.v1.DetectorScore;
import io.headgate.v1.Evidence;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InfectedHead;
import io.headgate.v1.Label;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Sha256;
import io.headgate.v1.Verdict;
import io.headgate.v1.grpc.Inspection;
import java.util.List;

/** The event that goes on, made from the judgement. Pure. */
final class Moderation {
  private Moderation() {}

  /**
   * The route the service chose. One that this version does not know is quarantine, as its contract
   * asks of every reader.
   */
  static Route route(Inspection inspection) {
    return switch (inspection.getRoute()) {
      case ROUTE_CLEAN -> Route.CLEAN;
      case ROUTE_REPAIRED -> Route.REPAIRED;
      case ROUTE_QUARANTINED, ROUTE_UNSPECIFIED, UNRECOGNIZED -> Route.QUARANTINED;
    };
  }

  static ModeratedImage judged(Outcome.Judged judged) {
    return ModeratedImage.newBuilder()
        .setSubmitted(judged.event())
        .setVerdict(verdict(judged.inspected()))
        .setJudgedSha256(new Sha256(judged.sha256()))
        .build();
  }

  static ModeratedImage unverified(ImageSubmitted event, Route route) {
    return ModeratedImage.newBuilder()
        .setSubmitted(event)
        .setVerdict(Verdict.newBuilder().setRoute(avro(route)).setUnverified(true).build())
        .build();
  }

  private static Verdict verdict(Inspected inspected) {
    Inspection from = inspected.inspection();
    List<InfectedHead> infected =
        from.getInfectedHeadsList().stream()
            .map(
                h ->
                    new InfectedHead(
                        h.getLayer(), h.getHead(), h.getSimilarity(), h.getThreshold()))
            .toList();
    return Verdict.newBuilder()
        .setRoute(avro(route(from)))
        .setInfectedHeads(infected)
        .setInfectedHeadCount(infected.size())
        .setScores(
            from.getScoresList().stream()
                .map(
                    s ->
                        new DetectorScore(
                            s.getDetector(), s.getScore(), s.getThreshold(), s.getFlagged()))
                .toList())
        .setEmbedding(from.getEmbeddingList())
        .setEmbeddingRepaired(from.getEmbeddingRepaired())
        .setLabels(
            from.getLabelsList().stream()
                .map(l -> new Label(l.getName(), l.getProbability()))
                .toList())
        .setSuspectedLabel(from.getSuspectedLabel().isEmpty() ? null : from.getSuspectedLabel())
        .setCalibrationId(inspected.calibrationId())
        .setModelFingerprint(inspected.modelFingerprint())
        .setPolicy(from.getPolicy())
        .setBorderline(from.getBorderline())
        .setEvidence(from.hasEvidence() ? evidence(from.getEvidence()) : null)
        .build();
  }

  private static Evidence evidence(io.headgate.v1.grpc.Evidence from) {
    return Evidence.newBuilder()
        .setLayers(from.getLayers())
        .setHeads(from.getHeads())
        .setLastLayerHeads(from.getLastLayerHeadsList())
        .setGridSize(from.getGridSize())
        .setTokenMap(from.getTokenMapList())
        .setSuspectedTokens(from.getSuspectedTokensList())
        .build();
  }

  private static io.headgate.v1.Route avro(Route route) {
    return switch (route) {
      case CLEAN -> io.headgate.v1.Route.CLEAN;
      case REPAIRED -> io.headgate.v1.Route.REPAIRED;
      case QUARANTINED -> io.headgate.v1.Route.QUARANTINED;
      case DEAD_LETTER -> throw new IllegalArgumentException("a dead letter has no verdict");
    };
  }
}
