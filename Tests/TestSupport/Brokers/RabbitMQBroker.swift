import Foundation
import MQTT
import Supervision

/// RabbitMQ with its MQTT plugin, and with everything of that at its defaults.
package struct RabbitMQBroker: BrokerProduct {
  package let name = "rabbitmq"
  package let origin = "Debian's package rabbitmq-server"

  /// The server's own script. That on `PATH` changes the user and the folder before it calls this one.
  private static let server = "/usr/lib/rabbitmq/bin/rabbitmq-server"

  package init() {}

  package func reasonNotToStart() -> String? {
    missing([Self.server, "epmd"])
  }

  package func processes(folder: String, port: UInt16) throws -> [BrokerProcess] {
    let names = try ListeningPort.free()
    let nodes = try ListeningPort.free()
    try "[rabbitmq_mqtt].\n".write(toFile: "\(folder)/plugins", atomically: true, encoding: .utf8)
    try """
    listeners.tcp = none
    mqtt.listeners.tcp.1 = 127.0.0.1:\(port)
    mqtt.allow_anonymous = true
    log.console = false
    log.file = \(folder)/rabbitmq-server.log
    log.file.level = warning

    """.write(toFile: "\(folder)/rabbitmq.conf", atomically: true, encoding: .utf8)
    let environment = [
      // Here it looks for, and makes, the secret that its nodes share.
      "HOME": folder,
      "RABBITMQ_NODENAME": "sonde\(port)@localhost",
      "RABBITMQ_DIST_PORT": "\(nodes)",
      "RABBITMQ_MNESIA_BASE": "\(folder)/mnesia",
      "RABBITMQ_LOG_BASE": "\(folder)/log",
      "RABBITMQ_ENABLED_PLUGINS_FILE": "\(folder)/plugins",
      "RABBITMQ_CONFIG_FILE": "\(folder)/rabbitmq.conf",
      // Not the settings of a RabbitMQ that is installed as a service.
      "RABBITMQ_CONF_ENV_FILE": "/dev/null",
      // So that the script becomes the server, and is no parent that would outlive it.
      "RABBITMQ_ALLOW_INPUT": "1",
      "ERL_EPMD_PORT": "\(names)",
      "ERL_EPMD_ADDRESS": "127.0.0.1",
    ]
    // Erlang finds its nodes by a daemon. RabbitMQ would start one that stays: this one is there first, and ours to end.
    return [
      BrokerProcess(
        name: "epmd", executable: "epmd", arguments: ["-port", "\(names)", "-address", "127.0.0.1"]),
      BrokerProcess(
        name: name, executable: Self.server, arguments: ["-noinput"], environment: environment),
    ]
  }
}
