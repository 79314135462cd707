/// Words that say what a level or a member is. They decide only where what was seen does not.
enum TopicWords {
  /// Levels that say what a message is, or where all devices are, and name no device.
  private static let fixed: Set<String> = [
    "sensor", "sensors", "state", "status", "result", "results", "lwt", "info", "tele", "stat", "cmnd",
    "telemetry", "data", "events", "event",
    "rpc", "up", "down", "uplink", "downlink", "join", "ack", "bridge", "availability", "online", "available",
    "connected", "config", "set", "get",
    "devices", "device", "messages", "application", "applications", "zigbee2mqtt", "homeassistant",
    "shellies", "shadow", "update", "accepted",
    "rejected", "documents", "attributes", "values", "value", "measurements", "readings", "metrics",
    "logging", "log", "v1", "v2", "v3", "site",
    "plant", "factory", "things", "nodes", "gateway", "gateways", "mqtt", "iot", "home", "reported",
    "desired", "will", "heartbeat", "discovery",
  ]

  static func isFixed(_ name: String) -> Bool { fixed.contains(name.lowercased()) }

  /// Levels after which the name of a device stands.
  private static let before: Set<String> = [
    "devices", "device", "nodes", "node", "things", "thing", "sensors", "dev", "zigbee2mqtt", "shellies",
    "tele", "stat",
  ]

  static func standsBeforeDevices(_ name: String) -> Bool { before.contains(name.lowercased()) }

  /// What is measured.
  private static let quantities: Set<String> = [
    "temperature", "temp", "humidity", "pressure", "power", "voltage", "current", "energy", "speed", "rpm",
    "vibration", "flow", "level",
    "battery", "rssi", "co2", "illuminance", "lux", "frequency", "torque", "weight", "count", "position",
    "distance", "ph", "linkquality",
    "snr", "uptime", "noise", "load", "moisture", "angle", "altitude", "latitude", "longitude",
  ]

  static func isQuantity(_ name: String) -> Bool { quantities.contains(name.lowercased()) }

  /// `name` with its numbers taken out, where it looks like one of many: `pump-#` of `pump-07`. Nil where it does not.
  static func stem(_ name: String) -> String? {
    guard !isFixed(name) else { return nil }
    let bytes = Array(name.utf8)
    let digits = bytes.count { $0 >= 0x30 && $0 <= 0x39 }
    guard digits > 0 else { return nil }
    let hexadecimal = bytes.count { ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) }
    // An address, such as 0x00158d0001a2b3c4 or a8:40:41:ff:ff:12.
    let marks = bytes.count { $0 == 0x3A || $0 == 0x2D || $0 | 0x20 == 0x78 }
    if bytes.count >= 8, hexadecimal + marks == bytes.count { return "hex" }
    var stem = ""
    for character in name {
      guard character.isASCII, character.isNumber else {
        stem.append(character)
        continue
      }
      if stem.last != "#" { stem.append("#") }
    }
    return stem
  }

  // MARK: - Members

  /// How well `key` names the device, from 0.
  static func deviceRank(_ key: String) -> Int {
    switch plain(key) {
    case "device", "deviceid", "devid", "devicename", "deveui", "dev": 5
    case "thing", "thingid", "node", "nodeid", "sensorid", "assetid", "asset", "machine", "machineid",
      "endpoint":
      4
    case "serial", "serialnumber", "sn", "mac", "macaddress", "host", "hostname", "clientid", "unit",
      "unitid", "station":
      3
    case "id", "uid", "uuid", "src", "source", "name", "tag", "meter", "meterid": 2
    default: 0
    }
  }

  /// How well `key` names the time of measurement, from 0.
  static func timeRank(_ key: String) -> Int {
    switch plain(key) {
    case "ts", "time", "timestamp", "datetime", "measuredat", "timemeasured", "eventtime", "sampletime",
      "observedat", "phenomenontime":
      4
    case "t", "date", "when", "at", "utc", "epochms", "timestampms", "unixtime", "timems", "dt": 3
    case "timecreated", "createdat", "created", "sentat", "recordedat", "updatedat", "lastseen": 2
    case "receivedat", "received", "updated", "gatewaytime", "servertime", "nstime", "gwtime": 1
    default: 0
    }
  }

  static func isSequence(_ key: String) -> Bool {
    [
      "seq", "sequence", "seqno", "sequencenumber", "seqnr", "messagenumber", "msgno", "packetnumber",
      "framecounter", "counter", "n", "fcnt", "msgid",
    ]
    .contains(plain(key))
  }

  static func isEpoch(_ key: String) -> Bool {
    [
      "epoch", "boot", "boots", "bootcount", "bootid", "restarts", "restart", "session", "reboots",
      "incarnation",
    ].contains(plain(key))
  }

  /// Whether `key` names what a sensor is called in a pair of name and value.
  static func isSensorName(_ key: String) -> Bool {
    [
      "name", "n", "metric", "sensor", "measurement", "parameter", "param", "channel", "key", "field",
      "variable", "tag", "type", "signal", "point",
    ]
    .contains(plain(key))
  }

  /// Whether `key` names the value of such a pair.
  static func isPairValue(_ key: String) -> Bool {
    ["value", "v", "val", "reading", "result", "data"].contains(plain(key))
  }

  /// Whether a number of this name tells what something is and not how it is.
  static func isIdentity(_ key: String) -> Bool {
    let name = plain(key)
    return [
      "id", "uid", "version", "ver", "port", "fport", "channelid", "model", "firmware", "fw", "serial",
      "schema", "index", "dr", "adr", "addr", "address", "devaddr",
    ]
    .contains(name) || (name.count > 2 && key.lowercased().hasSuffix("_id"))
  }

  /// Without case and what stands between words.
  private static func plain(_ key: String) -> String {
    String(
      decoding: key.lowercased().utf8.filter { $0 != 0x5F && $0 != 0x2D && $0 != 0x20 && $0 != 0x2E },
      as: UTF8.self)
  }
}
