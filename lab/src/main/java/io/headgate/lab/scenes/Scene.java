package io.headgate.lab.scenes;

import io.headgate.imaging.RgbImage;

/**
 * A picture, what it shows and what is said about it.
 *
 * @param image the picture
 * @param label index into {@link SceneClasses#names()}
 * @param caption English, lower case
 */
public record Scene(RgbImage image, int label, String caption) {}
