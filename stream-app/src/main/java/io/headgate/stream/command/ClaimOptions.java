package io.headgate.stream.command;

import io.headgate.claimcheck.AddressRange;
import io.headgate.claimcheck.ClaimRules;
import io.headgate.claimcheck.UriPrefix;
import io.headgate.connection.DurationConverter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** Which references are followed: a picocli mixin. Nothing is, unless said here. */
final class ClaimOptions {
  @Option(
      names = "--claim-prefix",
      paramLabel = "URL",
      split = ",",
      description =
          "Place that references may point below, such as https://images.example.org/crawl/; repeatable. None: references are refused.")
  private List<String> claimPrefixes = List.of();

  @Option(
      names = "--claim-folder",
      paramLabel = "DIR",
      split = ",",
      description = "Folder that file: references may point below; repeatable.")
  private List<Path> claimFolders = List.of();

  @Option(
      names = "--claim-address",
      paramLabel = "CIDR",
      split = ",",
      description =
          "Range of private or local addresses that allowed places may have, such as 10.1.0.0/16; repeatable.")
  private List<String> claimAddresses = List.of();

  @Option(
      names = "--claim-max-bytes",
      defaultValue = "33554432",
      description = "Longest file fetched (default: ${DEFAULT-VALUE}).")
  private long claimMaxBytes;

  @Option(
      names = "--claim-deadline",
      defaultValue = "4s",
      converter = DurationConverter.class,
      description = "Time for one attempt to fetch a file (default: 4s).")
  private Duration claimDeadline;

  @Option(
      names = "--claim-attempts",
      defaultValue = "3",
      description =
          "Attempts at a place that fails, before the event is a dead letter (default: ${DEFAULT-VALUE}).")
  private int claimAttempts;

  ClaimRules rules() {
    return new ClaimRules(
        claimPrefixes.stream().map(UriPrefix::parse).toList(),
        claimFolders.stream().map(Path::toAbsolutePath).toList(),
        claimAddresses.stream().map(AddressRange::parse).toList(),
        claimMaxBytes,
        claimDeadline,
        claimAttempts);
  }
}
