package io.headgate.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {
  @Test
  void isAFunctionOfItsSeed() {
    assertThat(FaultPlan.of(7, 20, true)).isEqualTo(FaultPlan.of(7, 20, true));
    assertThat(FaultPlan.of(7, 20, true)).isNotEqualTo(FaultPlan.of(8, 20, true));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 60, 100})
  void sendsAsManyKillsAsAskedFor(int kills) {
    assertThat(FaultPlan.of(1, kills, true).kills()).isEqualTo(kills);
  }

  @Test
  void killsAndFreezesEveryProcessAndHasEveryOtherFault() {
    Set<String> kinds = kinds(FaultPlan.of(1, 60, true));

    for (Target target : Target.values()) {
      if (target != Target.GUARD_3) {
        assertThat(kinds).contains("kill-" + target, "freeze-" + target);
      }
    }
    assertThat(kinds)
        .contains(
            "restart-guard-1",
            "restart-guard-2",
            "rebalance",
            "slow-service",
            "registry-away",
            "disk-full");
  }

  @Test
  void leavesTheDiskAloneWhereItCannotBeFilled() {
    assertThat(kinds(FaultPlan.of(1, 60, false))).doesNotContain("disk-full");
  }

  private static Set<String> kinds(FaultPlan plan) {
    return plan.steps().stream().map(step -> step.fault().kind()).collect(Collectors.toSet());
  }
}
