package io.headgate.doctor;

import io.headgate.claimcheck.ClaimRules;
import io.headgate.console.UserException;
import io.headgate.doctor.Finding.Check;
import io.headgate.stream.GuardConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at everything a guard of this configuration would meet, one thing after the other and each
 * whatever the others have shown, so that one run names all that is wrong.
 */
final class Doctor {
  private final GuardConfig config;

  Doctor(GuardConfig config) {
    this.config = config;
  }

  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    findings.add(timing());
    findings.addAll(new ClusterExamination(config).findings());
    findings.addAll(new RegistryExamination(config).findings());
    findings.addAll(new ServiceExamination(config).findings());
    findings.addAll(claims(config.claims()));
    return findings;
  }

  private Finding timing() {
    try {
      config.timingBudget().check();
      return Finding.ok(Check.TIMING_BUDGET, config.timingBudget().summary());
    } catch (UserException e) {
      return Finding.problem(
          Check.TIMING_BUDGET, e.getMessage(), "the guard will not start before this fits");
    }
  }

  private static List<Finding> claims(ClaimRules rules) {
    List<Finding> findings = new ArrayList<>();
    for (Path folder : rules.folders()) {
      findings.add(
          Files.isDirectory(folder) && Files.isReadable(folder)
              ? Finding.ok(Check.CLAIMS, folder + " can be read")
              : Finding.problem(
                  Check.CLAIMS,
                  folder + ": not a folder that this user can read",
                  "mount it, or drop it from --claim-folder"));
    }
    if (rules.isEmpty()) {
      findings.add(Finding.ok(Check.CLAIMS, "references are refused; images come inline only"));
    } else if (!rules.prefixes().isEmpty()) {
      findings.add(Finding.ok(Check.CLAIMS, "references are followed below " + rules.prefixes()));
    }
    return findings;
  }
}
