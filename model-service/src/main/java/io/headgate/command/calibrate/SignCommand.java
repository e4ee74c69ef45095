package io.headgate.command.calibrate;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.console.Console;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate sign}. */
@Command(
    name = "sign",
    mixinStandardHelpOptions = true,
    description = {
      "Signs a calibration that was made without a key, for example after it was reviewed. Its id"
          + " stays the same; a signature that it has is replaced.",
      ""
    })
final class SignCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "Calibration to sign, in place.")
  private Path file;

  @Option(
      names = "--sign-key",
      required = true,
      paramLabel = "PEM",
      description = "Ed25519 private key.")
  private Path key;

  @Override
  public Integer call() {
    Calibration signed =
        CalibrationKeys.sign(Calibration.load(file), CalibrationKeys.privateKey(key));
    signed.save(file);
    PrintWriter out = spec.commandLine().getOut();
    out.printf("signed       %s%n", signed.id());
    out.flush();
    return Console.OK;
  }
}
