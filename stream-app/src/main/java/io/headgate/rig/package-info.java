/**
 * The whole pipeline on this machine as separate processes, as it is deployed: broker, schema
 * registry, model service, guards. For harnesses; knows of no fault and measures nothing.
 */
package io.headgate.rig;
