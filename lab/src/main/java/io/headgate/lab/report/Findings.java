package io.headgate.lab.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** The paper's three findings, each judged by what was measured here. */
final class Findings {
  /** How much removing something must lower attack success to count as needed. */
  private static final double NEEDED = 0.5;

  private static final double NOTICED = 0.1;

  /**
   * @param claim of the paper
   * @param verdict holds, holds in part, does not hold
   * @param evidence the numbers behind it
   */
  record Finding(String claim, String verdict, List<String> evidence) {}

  private Findings() {}

  static List<Finding> of(List<Facts> facts) {
    return List.of(kinds(facts), layers(facts), heads(facts));
  }

  private static Finding kinds(List<Facts> facts) {
    List<String> evidence = new ArrayList<>();
    for (Facts f : facts) {
      evidence.add(
          text(
              "%s (%s): attack success %.3f; all heads at their clean means %.3f, all MLPs %.3f",
              f.attack(),
              f.local() ? "a patch" : "all over the picture",
              f.asr(),
              f.asrWithoutHeads(),
              f.asrWithoutMlps()));
    }
    return new Finding(
        "Local, patch-based backdoors mainly infect attention heads, global ones mainly MLPs.",
        verdict(
            facts,
            f ->
                f.local()
                    ? needs(f, f.asrWithoutHeads(), f.asrWithoutMlps())
                    : needs(f, f.asrWithoutMlps(), f.asrWithoutHeads())),
        evidence);
  }

  /**
   * Whether attack success falls by a tenth or more without these, and further than without those.
   */
  private static boolean needs(Facts f, double withoutThese, double withoutThose) {
    return withoutThese < withoutThose && f.asr() - withoutThese >= NOTICED;
  }

  private static Finding layers(List<Facts> facts) {
    List<String> evidence = new ArrayList<>();
    for (Facts f : facts) {
      int last = f.headDiscrepancy().length - 1;
      int needed = Facts.smallest(f.asrWithoutLayerHeads());
      int mlp = Facts.smallest(f.asrWithoutLayerMlp());
      evidence.add(
          text(
              "%s: heads differ most in layer %d of 0 to %d; without the last layer's heads attack success is %.3f of %.3f, least without layer %d's (%.3f); of single MLPs, without layer %d's (%.3f)",
              f.attack(),
              Facts.largest(f.headDiscrepancy()),
              last,
              f.asrWithoutLayerHeads()[last],
              f.asr(),
              needed,
              f.asrWithoutLayerHeads()[needed],
              mlp,
              f.asrWithoutLayerMlp()[mlp]));
    }
    return new Finding(
        "Infected heads are centred on the last layer, infected MLPs are spread over several late layers.",
        verdict(
            facts,
            f -> {
              int last = f.headDiscrepancy().length - 1;
              return Facts.largest(f.headDiscrepancy()) == last
                  && Facts.smallest(f.asrWithoutLayerHeads()) == last
                  && f.asrWithoutLayerHeads()[last] < NEEDED * f.asr();
            }),
        evidence);
  }

  private static Finding heads(List<Facts> facts) {
    List<String> evidence = new ArrayList<>();
    for (Facts f : facts) {
      evidence.add(
          text(
              "%s: of %d heads of the last layer %d tell triggered from clean with AUROC ≥ %.1f, %d hardly (≤ %.1f)%s",
              f.attack(),
              f.lastHeadAuroc().length,
              f.infectedHeads(),
              Facts.INFECTED,
              f.untouchedHeads(),
              Facts.UNTOUCHED,
              f.untouchedHeads() == 0
                  ? ""
                  : text(
                      "; these keep %.0f %% of their words on triggered pictures",
                      100 * f.overlapOfUntouched())));
    }
    return new Finding(
        "Not all heads of the last layer are infected; some keep their role (colour, place, …).",
        verdict(
            facts,
            f ->
                f.untouchedHeads() > 0
                    && f.infectedHeads() < f.lastHeadAuroc().length
                    && f.overlapOfUntouched() >= 0.4),
        evidence);
  }

  private static String verdict(List<Facts> facts, Predicate<Facts> holds) {
    long n = facts.stream().filter(holds).count();
    return n == facts.size()
        ? "holds here"
        : n == 0 ? "does not hold here" : text("holds here for %d of %d attacks", n, facts.size());
  }

  private static String text(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
