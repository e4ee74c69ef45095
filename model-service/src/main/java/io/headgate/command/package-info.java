/**
 * The model service's commands: they wire model, calibration and guard together and talk to people.
 */
package io.headgate.command;
