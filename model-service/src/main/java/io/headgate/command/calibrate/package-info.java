/**
 * {@code headgate calibrate} and its subcommands: where clean images come from, what is asked and
 * what is reported. The arithmetic is in {@code calibration} and {@code detection}.
 */
package io.headgate.command.calibrate;
