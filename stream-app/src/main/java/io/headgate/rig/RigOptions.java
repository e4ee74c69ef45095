package io.headgate.rig;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a rig is made of.
 *
 * @param folder for data and logs; must exist, and stays
 * @param registryHome the registry server's distribution
 * @param model folder of the model to serve
 * @param cleanImages to calibrate it on
 * @param serviceJvm options of the service's JVM
 * @param brokerJvm options of the broker's JVM
 * @param brokerSettings over the broker's defaults
 */
public record RigOptions(
    Path folder,
    Path registryHome,
    Path model,
    Path cleanImages,
    List<String> serviceJvm,
    List<String> brokerJvm,
    Map<String, String> brokerSettings) {
  public RigOptions {
    serviceJvm = List.copyOf(serviceJvm);
    brokerJvm = List.copyOf(brokerJvm);
    brokerSettings = Map.copyOf(brokerSettings);
  }
}
