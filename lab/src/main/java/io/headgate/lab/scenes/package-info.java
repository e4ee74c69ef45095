/**
 * Pictures with captions, composed from drawings: what the reference model is trained and tested
 * on. Deterministic by seed and index; knows no model.
 */
package io.headgate.lab.scenes;
