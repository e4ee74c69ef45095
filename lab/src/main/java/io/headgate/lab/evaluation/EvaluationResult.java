package io.headgate.lab.evaluation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;

/**
 * Everything one evaluation measured; its JSON is the command's.
 *
 * @param model fingerprint
 * @param calibration id
 * @param target class
 * @param clean what was seen of the clean pictures
 * @param attacks by name
 */
public record EvaluationResult(
    String model,
    String calibration,
    String target,
    Clean clean,
    Map<String, AttackResult> attacks) {

  /**
   * The clean pictures.
   *
   * @param accuracy zero-shot, without a guard; null if labels are missing
   * @param flagged share above the calibrated threshold
   * @param flaggedBound its 95 % Clopper–Pearson upper bound
   * @param statedBound the bound that the calibration states
   * @param flaggedTarget share of the clean pictures of the attacked class that is flagged; null if
   *     there are none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Clean(
      int images,
      int skipped,
      @JsonProperty("skipped_files") List<String> skippedFiles,
      Double accuracy,
      double flagged,
      @JsonProperty("flagged_bound") double flaggedBound,
      @JsonProperty("stated_bound") double statedBound,
      @JsonProperty("flagged_of_target_class") Double flaggedTarget,
      @JsonProperty("images_of_target_class") int ofTarget) {}
}
