package io.headgate.client;

/** The service answered, and refused this one image. Trying again gives the same answer. */
public final class InspectionRejectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The service's code for a tensor of another size than its model takes. */
  public static final String WRONG_SHAPE = "WRONG_SHAPE";

  /** This client's code for an image on which calls keep failing that succeed without it. */
  public static final String FAILS_CALLS = "FAILS_CALLS";

  private final String code;

  InspectionRejectedException(String code, String message) {
    super(message);
    this.code = code;
  }

  /** Stable upper-case code. */
  public String code() {
    return code;
  }
}
