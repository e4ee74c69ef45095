package io.headgate.imaging;

/** Why an image was refused: a closed list that dead letters, metrics and scripts can rely on. */
public enum RejectionCode {
  /** No bytes at all. */
  EMPTY,
  /** The first bytes are of no image format. */
  NOT_AN_IMAGE,
  /** An image format, or a variant of one, that is recognised but not decoded. */
  UNSUPPORTED_FORMAT,
  /** The data ends before the picture does. */
  TRUNCATED,
  /** The data contradicts itself or its format. */
  CORRUPT,
  /** More encoded bytes than {@link ImageLimits#maxBytes()}. */
  TOO_MANY_BYTES,
  /** More declared pixels than {@link ImageLimits#maxPixels()}. */
  TOO_MANY_PIXELS,
  /** More frames than {@link ImageLimits#maxFrames()}. */
  TOO_MANY_FRAMES,
  /** A side of zero pixels, or of more than the format can have. */
  BAD_DIMENSIONS,
  /** Longer than {@link ImageLimits#maxAspectRatio()} times the short side. */
  ASPECT_RATIO,
  /** Decoding did not end within {@link ImageLimits#decodeDeadline()}. */
  TIMEOUT
}
