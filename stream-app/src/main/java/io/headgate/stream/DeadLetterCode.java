package io.headgate.stream;

import io.headgate.claimcheck.ClaimRefusedException;
import io.headgate.imaging.RejectionCode;

/** Why a record became a dead letter: a closed list for alerts, filters and scripts. */
public enum DeadLetterCode {
  /** No value: a tombstone, or an empty message. */
  NULL_VALUE,
  /** Not Confluent's wire format. */
  UNDECODABLE_RECORD,
  /** A schema id that the registry does not know. */
  UNKNOWN_SCHEMA,
  /** Another event than ImageSubmitted, or a schema that it cannot be read with. */
  WRONG_SCHEMA,
  /** The bytes do not follow the schema they name. */
  CORRUPT_RECORD,
  /** A readable event that says something impossible, such as an empty id. */
  INVALID_EVENT,
  /** {@link RejectionCode#EMPTY}. */
  IMAGE_EMPTY,
  /** {@link RejectionCode#NOT_AN_IMAGE}. */
  IMAGE_NOT_AN_IMAGE,
  /** {@link RejectionCode#UNSUPPORTED_FORMAT}. */
  IMAGE_UNSUPPORTED_FORMAT,
  /** {@link RejectionCode#TRUNCATED}. */
  IMAGE_TRUNCATED,
  /** {@link RejectionCode#CORRUPT}. */
  IMAGE_CORRUPT,
  /** {@link RejectionCode#TOO_MANY_BYTES}. */
  IMAGE_TOO_MANY_BYTES,
  /** {@link RejectionCode#TOO_MANY_PIXELS}. */
  IMAGE_TOO_MANY_PIXELS,
  /** {@link RejectionCode#TOO_MANY_FRAMES}. */
  IMAGE_TOO_MANY_FRAMES,
  /** {@link RejectionCode#BAD_DIMENSIONS}. */
  IMAGE_BAD_DIMENSIONS,
  /** {@link RejectionCode#ASPECT_RATIO}. */
  IMAGE_ASPECT_RATIO,
  /** {@link RejectionCode#TIMEOUT}. */
  IMAGE_TIMEOUT,
  /** The reference is no address that a claim check can follow. */
  CLAIM_BAD_URI,
  /** The reference is outside the allow-list, or resolves to an address that is refused. */
  CLAIM_FORBIDDEN,
  /** The host answered 401 or 403, or the file may not be read. */
  CLAIM_DENIED,
  /** The host answered 404 or 410, or there is no such file. */
  CLAIM_NOT_FOUND,
  /** The host answered with a redirect, which is never followed. */
  CLAIM_REDIRECT,
  /** More bytes than allowed. */
  CLAIM_TOO_LARGE,
  /** Another length than the event says. */
  CLAIM_SIZE_MISMATCH,
  /** Another SHA-256 than the event says. */
  CLAIM_HASH_MISMATCH,
  /** The host answered something else that is no success. */
  CLAIM_REFUSED,
  /** The host could not be reached, or failed, in all attempts. */
  CLAIM_UNAVAILABLE,
  /** The model service refused this image. */
  INSPECTION_REFUSED,
  /** The event with its verdict is larger than its topic takes. */
  OUTPUT_TOO_LARGE,
  /** A fault of the guard itself; the message is for its developers. */
  INTERNAL_ERROR;

  static DeadLetterCode of(RejectionCode code) {
    return valueOf("IMAGE_" + code.name());
  }

  static DeadLetterCode of(ClaimRefusedException.Reason reason) {
    return valueOf("CLAIM_" + reason.name());
  }
}
