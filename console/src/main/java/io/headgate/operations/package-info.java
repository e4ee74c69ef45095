/** The HTTP port by which machines watch a server: probes, metrics, what it is at. */
package io.headgate.operations;
