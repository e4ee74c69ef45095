/**
 * What Headgate's topics must be like, and how they become so: {@code headgate topics}. Knows the
 * brokers' administration, not the events.
 */
package io.headgate.topics;
