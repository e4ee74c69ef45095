package io.headgate.command.calibrate;

import io.headgate.calibration.CalibrationKeys;
import io.headgate.console.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate keygen}. */
@Command(
    name = "keygen",
    mixinStandardHelpOptions = true,
    description = {
      "Makes an Ed25519 key pair to sign calibrations with: FILE, the private key (PKCS #8 PEM,"
          + " readable by its owner only), and FILE.pub, the public one. Never overwrites.",
      "",
      "Sign with 'headgate calibrate --sign-key FILE' or 'headgate calibrate sign'; services that"
          + " run with 'headgate serve --calibration-key FILE.pub' refuse all others.",
      ""
    })
final class KeygenCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Private key to write.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Path publicKey = out.resolveSibling(out.getFileName() + ".pub");
    CalibrationKeys.generate(out, publicKey);
    PrintWriter to = spec.commandLine().getOut();
    to.printf("private key  %s (keep it where only calibrations are made)%n", out);
    to.printf("public key   %s (give it to 'headgate serve --calibration-key')%n", publicKey);
    to.flush();
    return Console.OK;
  }
}
