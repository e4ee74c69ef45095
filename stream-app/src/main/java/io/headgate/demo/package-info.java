/**
 * {@code headgate demo}: the whole pipeline in one process, on real images, with a count of every
 * event at the end. Wires the other packages together and may know them all; none knows it.
 */
package io.headgate.demo;
