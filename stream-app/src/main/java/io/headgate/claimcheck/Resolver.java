package io.headgate.claimcheck;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Names to addresses. */
interface Resolver {
  /**
   * @param host a name, or an address (IPv6 without brackets)
   * @return at least one
   */
  List<InetAddress> resolve(String host) throws UnknownHostException;

  /** The system's resolver. */
  static Resolver system() {
    return host -> List.of(InetAddress.getAllByName(host));
  }
}
