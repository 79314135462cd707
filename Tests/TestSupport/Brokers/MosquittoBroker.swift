import MQTT

/// mosquitto as Debian configures it: persistence on, everything else its own defaults.
package struct MosquittoBroker: BrokerProduct {
  package let name = "mosquitto"
  package let origin = "Debian's package mosquitto"

  package init() {}

  package func reasonNotToStart() -> String? { missing(["mosquitto"]) }

  package func processes(folder: String, port: UInt16) throws -> [BrokerProcess] {
    let configuration = "\(folder)/mosquitto.conf"
    // `user root` only speaks to a broker started by root, which would else become a user who may not write the folder.
    try """
    listener \(port) 127.0.0.1
    allow_anonymous true
    user root
    persistence true
    persistence_location \(folder)/
    """.write(toFile: configuration, atomically: true, encoding: .utf8)
    return [BrokerProcess(name: name, executable: "mosquitto", arguments: ["-c", configuration])]
  }
}
