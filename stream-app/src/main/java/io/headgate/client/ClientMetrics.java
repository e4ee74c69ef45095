package io.headgate.client;

/** Names of the client's metrics. */
public final class ClientMetrics {
  /** Images per call. */
  public static final String BATCH_ITEMS = "headgate_client_batch_items";

  /** Time of a call, by {@link #OUTCOME}. */
  public static final String CALL = "headgate_client_call_seconds";

  /** Images sent again after a call failed. */
  public static final String RETRIED = "headgate_client_retried_items_total";

  /** 0 closed, 1 half open, 2 open. */
  public static final String CIRCUIT = "headgate_client_circuit_state";

  /** How long the service has not answered; 0 while it does. */
  public static final String OUTAGE = "headgate_client_outage_seconds";

  /** Images waiting for a call. */
  public static final String QUEUED = "headgate_client_queued_items";

  /** Calls open. */
  public static final String IN_FLIGHT = "headgate_client_in_flight_calls";

  /** Label: {@code ok} or the gRPC status in lower case. */
  public static final String OUTCOME = "outcome";

  private ClientMetrics() {}
}
