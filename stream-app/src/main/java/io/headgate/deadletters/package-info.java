/**
 * Looks at dead letters and sends them round again: {@code headgate dead-letters}. Knows their
 * headers, not how they came about.
 */
package io.headgate.deadletters;
