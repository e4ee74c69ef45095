/**
 * Backdoor triggers: what an attacker adds to a picture. Pure functions of picture, seed and index;
 * knows no model.
 */
package io.headgate.lab.attacks;
