/// A payload mapping that is part of the program, as the YAML that a person would write.
package enum PayloadPreset: String, CaseIterable, Sendable {
  case tasmota
  case zigbee2mqtt
  case shellyGen2 = "shelly-gen2"
  case homeAssistantStatestream = "home-assistant-statestream"
  case theThingsStack = "the-things-stack"
  case chirpstack
  case azureIoTHub = "azure-iot-hub"
  case awsIoTShadow = "aws-iot-shadow"
  case influxLineProtocol = "influx-line-protocol"
  case telegrafJSON = "telegraf-json"

  /// The file's text.
  package var text: String {
    let bytes =
      switch self {
      case .tasmota: PackageResources.tasmota_yaml
      case .zigbee2mqtt: PackageResources.zigbee2mqtt_yaml
      case .shellyGen2: PackageResources.shelly_gen2_yaml
      case .homeAssistantStatestream: PackageResources.home_assistant_statestream_yaml
      case .theThingsStack: PackageResources.the_things_stack_yaml
      case .chirpstack: PackageResources.chirpstack_yaml
      case .azureIoTHub: PackageResources.azure_iot_hub_yaml
      case .awsIoTShadow: PackageResources.aws_iot_shadow_yaml
      case .influxLineProtocol: PackageResources.influx_line_protocol_yaml
      case .telegrafJSON: PackageResources.telegraf_json_yaml
      }
    return String(decoding: bytes, as: UTF8.self)
  }
}
