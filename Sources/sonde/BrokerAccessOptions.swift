import ArgumentParser
import MQTT

/// The version of MQTT to speak with a broker.
struct ProtocolOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The version of MQTT: 5, 3.1.1, or auto, which is 5, and 3.1.1 where the broker does not take that.",
      valueName: "5|3.1.1|auto"))
  var mqtt = ProtocolChoice.auto
}

extension ProtocolChoice: ExpressibleByArgument {}

/// Who we are to a broker, and whom we trust.
struct BrokerAccessOptions: ParsableArguments {
  @Option(help: "The name to log in to the broker with.")
  var username: String?
  @Option(
    help: ArgumentHelp("A file whose first line is the password.", valueName: "file"), completion: .file())
  var passwordFile: String?
  @Option(
    help: ArgumentHelp(
      "Certificates of the authorities to trust, PEM; by default those of this machine.", valueName: "file"),
    completion: .file())
  var caFile: String?
  @Option(
    help: ArgumentHelp("Our own certificate, PEM, where the broker asks for one.", valueName: "file"),
    completion: .file())
  var certFile: String?
  @Option(help: ArgumentHelp("The key of our certificate, PEM.", valueName: "file"), completion: .file())
  var keyFile: String?

  /// Throws `ValidationError` where an address in `arguments` has a password in it. To be asked before they are parsed: the
  /// parser repeats a value that it does not take.
  static func refuseCredentials(in arguments: [String]) throws {
    for (index, argument) in arguments.enumerated() {
      let follows = index > 0 && arguments[index - 1] == "--broker"
      let isAddress =
        follows || ["--broker=", "broker="].contains(where: argument.hasPrefix)
        || argument.contains("mqtt://")
        || argument.contains("mqtts://")
      guard isAddress, BrokerAddress.holdsCredentials(argument) else { continue }
      throw ValidationError(
        """
        The address of the broker has a name or a password in it, where others can read it. Write mqtt://host:port, with \
        --username NAME and --password-file FILE; in a scenario, broker_access: { username, password_file }.
        """)
    }
  }

  var access: BrokerAccess {
    BrokerAccess(
      username: username, passwordFile: passwordFile, authorityFile: caFile, certificateFile: certFile,
      keyFile: keyFile)
  }

  /// `broker` with these options in place of its own, where any is given.
  func apply(to broker: BrokerAddress) throws -> BrokerAddress {
    guard access != BrokerAccess() else { return broker }
    if let fault = access.fault(isEncrypted: broker.isEncrypted) { throw ValidationError(fault) }
    var broker = broker
    broker.access = access
    return broker
  }
}
