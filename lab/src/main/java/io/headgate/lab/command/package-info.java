/** The lab's commands: training, poisoning, pictures, evaluation, report. Wiring only. */
package io.headgate.lab.command;
