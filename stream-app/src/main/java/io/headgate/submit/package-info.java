/**
 * Puts image files onto the submitted topic. Knows files and events, not what the guard makes of
 * them: what is no image is sent all the same.
 */
package io.headgate.submit;
