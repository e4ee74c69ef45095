/**
 * Examines all that a guard needs, with the guard's own settings, and says what to fix: {@code
 * headgate doctor}. Changes nothing and runs no guard.
 */
package io.headgate.doctor;
