package io.headgate.imaging;

/** The formats that are decoded. Told from the bytes, never from a file name or media type. */
public enum ImageFormat {
  JPEG,
  PNG,
  GIF,
  WEBP
}
