package io.headgate.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScrapeTest {
  private static final Scrape BEFORE = new Scrape("batch_count 10\nbatch_sum 100.0\n");
  private static final Scrape AFTER =
      new Scrape(
          """
          # HELP batch images per call
          # TYPE batch summary
          batch_count 14
          batch_sum 220.0
          batch_max 32.0
          jvm_memory_used_bytes{area="heap",id="PS Eden Space"} 1.5E8
          jvm_memory_used_bytes{area="heap",id="PS Old Gen"} 5.0E7
          jvm_memory_used_bytes{area="nonheap",id="Metaspace"} 9.0E7
          jvm_memory_used_bytes_more{area="heap"} 7.0
          """);

  @Test
  void meanSinceIsOfTheNewValuesOnly() {
    assertThat(AFTER.meanSince(BEFORE, "batch")).isEqualTo(30);
  }

  @Test
  void heapIsTheSumOfItsPools() {
    assertThat(AFTER.heap()).isEqualTo(2e8);
  }

  @Test
  void whatIsNotThereCountsAsNothing() {
    assertThat(AFTER.sum("batch_total", "")).isZero();
    assertThat(BEFORE.meanSince(BEFORE, "batch")).isNaN();
  }
}
