package io.headgate.claimcheck;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A range of IP addresses in CIDR notation.
 *
 * @param network first address, 4 or 16 bytes
 * @param bits length of the prefix
 */
public record AddressRange(byte[] network, int bits) {
  private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  /**
   * Addresses that are not global unicast: this network, private, shared, loopback, link-local (and
   * with it the metadata services of clouds), documentation, benchmarking, multicast, reserved, and
   * the IPv6 ranges that embed IPv4 addresses (IANA's special-purpose registries, RFC 6890).
   */
  static final List<AddressRange> SPECIAL =
      List.of(
          parse("0.0.0.0/8"),
          parse("10.0.0.0/8"),
          parse("100.64.0.0/10"),
          parse("127.0.0.0/8"),
          parse("169.254.0.0/16"),
          parse("172.16.0.0/12"),
          parse("192.0.0.0/24"),
          parse("192.0.2.0/24"),
          parse("192.88.99.0/24"),
          parse("192.168.0.0/16"),
          parse("198.18.0.0/15"),
          parse("198.51.100.0/24"),
          parse("203.0.113.0/24"),
          parse("224.0.0.0/4"),
          parse("240.0.0.0/4"),
          parse("::/96"),
          parse("64:ff9b::/96"),
          parse("64:ff9b:1::/48"),
          parse("100::/64"),
          parse("2001::/23"),
          parse("2001:db8::/32"),
          parse("2002::/16"),
          parse("3fff::/20"),
          parse("5f00::/16"),
          parse("fc00::/7"),
          parse("fe80::/10"),
          parse("fec0::/10"),
          parse("ff00::/8"));

  public AddressRange {
    if (network.length != 4 && network.length != 16) {
      throw new IllegalArgumentException("address of %d bytes".formatted(network.length));
    }
    if (bits < 0 || bits > network.length * 8) {
      throw new IllegalArgumentException(
          "prefix length: %d (expected: 0 to %d)".formatted(bits, network.length * 8));
    }
    network = network.clone();
  }

  /**
   * @param text such as {@code 10.1.0.0/16} or {@code fd00::/8}; a single address without a slash
   * @throws IllegalArgumentException if it is neither
   */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (!LITERAL.matcher(address).matches()) { // never ask a name server
      throw notARange(text, null);
    }
    try {
      byte[] network = InetAddress.getByName(address).getAddress();
      int bits = slash < 0 ? network.length * 8 : Integer.parseInt(text.substring(slash + 1));
      return new AddressRange(network, bits);
    } catch (UnknownHostException | IllegalArgumentException e) {
      throw notARange(text, e);
    }
  }

  private static IllegalArgumentException notARange(String text, Exception cause) {
    return new IllegalArgumentException(
        "address range: %s (expected: CIDR notation such as 10.1.0.0/16 or fd00::/8)"
            .formatted(text),
        cause);
  }

  /** Whether the address lies in this range. IPv4-mapped IPv6 addresses count as IPv4. */
  boolean contains(InetAddress address) {
    byte[] bytes = unmapped(address.getAddress());
    if (bytes.length != network.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((bytes[bit / 8] & mask) != (network[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }

  private static byte[] unmapped(byte[] address) {
    if (address.length != 16 || address[10] != -1 || address[11] != -1) {
      return address;
    }
    for (int i = 0; i < 10; i++) {
      if (address[i] != 0) {
        return address;
      }
    }
    return Arrays.copyOfRange(address, 12, 16);
  }

  @Override
  public byte[] network() {
    return network.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof AddressRange other
        && bits == other.bits
        && Arrays.equals(network, other.network);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(network) + bits;
  }

  @Override
  public String toString() {
    try {
      return InetAddress.getByAddress(network).getHostAddress() + "/" + bits;
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }
}
