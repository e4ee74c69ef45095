/**
 * Claim check: fetches the file that an event refers to, from allowed places only, and proves that
 * it is the file that was meant. Knows nothing of Kafka.
 */
package io.headgate.claimcheck;
