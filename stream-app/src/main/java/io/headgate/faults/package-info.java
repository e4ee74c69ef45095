/**
 * Proof by force: the pipeline as separate processes under SIGKILL, SIGSTOP, rebalances, outages
 * and a full disk, and an audit of what came out. Knows the pipeline only from outside: processes,
 * topics, events.
 */
package io.headgate.faults;
