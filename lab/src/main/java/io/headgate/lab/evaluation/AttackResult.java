package io.headgate.lab.evaluation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;

/**
 * What was measured for one attack. Rates are shares in [0, 1]; null where labels are missing.
 *
 * @param images triggered pictures that were read
 * @param asr share of triggered pictures of other classes labelled as the target, without a guard
 * @param accuracy share of triggered pictures labelled as what they show, without a guard
 * @param detectors by name
 * @param repair by policy
 */
public record AttackResult(
    int images,
    int skipped,
    List<String> skippedFiles,
    Double asr,
    Double accuracy,
    Map<String, DetectorResult> detectors,
    Map<String, RepairResult> repair) {

  /**
   * One detector against one attack.
   *
   * @param auroc triggered against clean
   * @param auprc1 average precision were 1 % of pictures triggered
   * @param tprAt1 at the threshold that flags 1 % of the clean pictures at hand
   * @param tprAtOperatingPoint at the calibrated threshold
   * @param fprAtOperatingPoint of the clean pictures at hand, at the calibrated threshold
   * @param fprBound its 95 % Clopper–Pearson upper bound
   */
  public record DetectorResult(
      @JsonProperty("auroc") double auroc,
      @JsonProperty("auprc_at_1pct") double auprc1,
      @JsonProperty("auprc_at_5pct") double auprc5,
      @JsonProperty("auprc_at_30pct") double auprc30,
      @JsonProperty("tpr_at_1pct") double tprAt1,
      @JsonProperty("tpr_at_5pct") double tprAt5,
      @JsonProperty("tpr_at_operating_point") double tprAtOperatingPoint,
      @JsonProperty("fpr_at_operating_point") double fprAtOperatingPoint,
      @JsonProperty("fpr_bound") double fprBound) {}

  /**
   * What comes out of a guard with one repair. A quarantined picture comes out nowhere and counts
   * as not labelled.
   *
   * @param asr share of triggered pictures of other classes that reach the clean or repaired route
   *     labelled as the target
   * @param accuracyTriggered share of triggered pictures passed on with their true label
   * @param accuracyClean share of clean pictures passed on with their true label
   * @param repairedTriggered share of triggered pictures repaired
   * @param quarantinedTriggered share of triggered pictures quarantined
   * @param quarantinedClean share of clean pictures quarantined
   * @param accuracyRepaired share of the repaired triggered pictures labelled as what they show
   * @param asrAlways ASR if the repair is applied to every picture and nothing is quarantined, as
   *     the paper reports it
   * @param accuracyCleanAlways accuracy on clean pictures under the same
   */
  public record RepairResult(
      @JsonProperty("asr") Double asr,
      @JsonProperty("accuracy_triggered") Double accuracyTriggered,
      @JsonProperty("accuracy_clean") Double accuracyClean,
      @JsonProperty("repaired_triggered") double repairedTriggered,
      @JsonProperty("quarantined_triggered") double quarantinedTriggered,
      @JsonProperty("quarantined_clean") double quarantinedClean,
      @JsonProperty("accuracy_repaired") Double accuracyRepaired,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("asr_if_always_applied")
          Double asrAlways,
      @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("accuracy_triggered_if_always_applied")
          Double accuracyTriggeredAlways,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("accuracy_clean_if_always_applied")
          Double accuracyCleanAlways) {}
}
