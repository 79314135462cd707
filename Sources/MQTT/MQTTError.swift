import CMosquitto
import Foundation
import Wording

/// What can go wrong between us and a broker.
package enum MQTTError: Hashable, Sendable, ExitingError {
  /// No connection could be made.
  case unreachable(BrokerAddress, reason: String)
  /// Somebody answers, and the connection could not be encrypted.
  case handshakeFailed(BrokerAddress, reason: String)
  /// The broker answered our CONNECT with a refusal.
  case refused(BrokerAddress, reason: String)
  /// The broker does not take this version of MQTT.
  case versionRefused(BrokerAddress, ProtocolVersion, reason: String)
  /// Neither version of MQTT led to a connection.
  case noVersion(BrokerAddress, five: String, threeOneOne: String)
  /// It does not take MQTT 5, and answered our CONNECT of MQTT 3.1.1 with a refusal.
  case refusedInOlderVersion(BrokerAddress, five: String, reason: String)
  /// The connection broke.
  case disconnected(BrokerAddress, reason: String)
  /// The broker did not allow a subscription.
  case subscriptionRefused(filter: String, reason: String)
  /// A call of the library failed.
  case library(operation: String, reason: String)
  /// No answer in the time that was given for one.
  case timedOut(BrokerAddress, waitingFor: String)
  /// The library acknowledges before we have stored, or the broker does not send again as it must; see ``AcknowledgementSelfTest``.
  case acknowledgesEarly(BrokerAddress, observed: String)
  /// What was published to a topic did not come to its subscriber, although the broker had taken both; see ``AcknowledgementSelfTest``.
  case deliversNothing(BrokerAddress, topic: String)
  /// The connection broke over a message of the self-test, or the library does not send that, because the broker says how much it takes.
  case publicationRefused(BrokerAddress, topic: String, bytes: Int, reason: String)
  /// More connections than this process may open; each takes ``DescriptorLimit/perConnection`` descriptors.
  case tooFewDescriptors(connections: Int, needed: Int, limit: Int)
  /// It was asked to end before it had begun.
  case stopped
  /// The embedded broker could not be started.
  case brokerFailed(reason: String)

  package var exitStatus: ExitStatus { self == .stopped ? .interrupted : .unavailable }

  package var description: String {
    switch self {
    case .unreachable(let address, let reason):
      "no broker answers at \(address): \(reason). Is one running there?"
    case .handshakeFailed(let address, let reason):
      "the TLS handshake with \(address) failed: \(reason). Does that port speak TLS, and is the broker's certificate made out to that "
        + "host, not expired, and signed by an authority that this machine trusts or --ca-file names?"
    case .refused(let address, let reason): "the broker at \(address) refused the connection: \(reason)"
    case .versionRefused(let address, let version, let reason):
      "the broker at \(address) does not take \(version.name): \(reason)"
    case .noVersion(let address, let five, let threeOneOne):
      "\(address) takes neither MQTT 5 (\(five)) nor MQTT 3.1.1 (\(threeOneOne)). Is an MQTT broker listening there?"
    case .refusedInOlderVersion(let address, let five, let reason):
      "the broker at \(address) does not take MQTT 5 (\(five)), and refused the connection over MQTT 3.1.1: \(reason)"
    case .disconnected(let address, let reason): "the connection to \(address) broke: \(reason)"
    case .subscriptionRefused(let filter, let reason):
      "the broker refused the subscription to \(filter.quoted): \(reason)"
    case .library(let operation, let reason): "MQTT \(operation) failed: \(reason)"
    case .timedOut(let address, let what): "\(address) sent no \(what) in time"
    case .acknowledgesEarly(let address, let observed):
      "\(address) and we do not agree on what is acknowledged (\(observed)), so a crash would lose messages or double them"
    case .deliversNothing(let address, let topic):
      "\(address) delivered nothing of what was published to \(topic.quoted), although it took that and a subscription to it: "
        + "publishing or subscribing to it may be denied, or the messages be too large"
    case .publicationRefused(let address, let topic, let bytes, let reason):
      "\(address) does not take a message of \(bytes) bytes, topic included, to \(topic.quoted): \(reason). It may take smaller packets "
        + "alone, or nothing to that topic"
    case .tooFewDescriptors(let connections, let needed, let limit):
      "\(connections) connections need \(needed) file descriptors, and this process may open \(limit); "
        + "raise the limit as root with ulimit -n \(needed), use more processes, or let gateways carry the "
        + "devices"
    case .stopped: "stopped while connecting"
    case .brokerFailed(let reason): reason
    }
  }

  /// What may be the version's fault, of an error that came before the broker had answered CONNECT; nil where another version
  /// would not help.
  var reasonAgainstVersion: String? {
    switch self {
    case .versionRefused(_, _, let reason): reason
    case .disconnected(_, let reason):
      reason == Self.reason(MOSQ_ERR_CONN_LOST.rawValue.signed)
        ? "it closed the connection" : "the connection broke: \(reason)"
    case .timedOut: "no answer within \(MQTTConnection.connectTimeout.components.seconds) s"
    default: nil
    }
  }

  /// Whether another version of MQTT might help.
  package var mayBeTheVersion: Bool { reasonAgainstVersion != nil }

  /// The library's word for one of its result codes.
  static func reason(_ code: Int32) -> String {
    if code == MOSQ_ERR_ERRNO.rawValue.signed {
      // Of a connection that ends inside a packet the library says ERRNO, though no call has failed.
      return errno == 0 ? "it ended in the middle of a packet" : String(cString: strerror(errno))
    }
    return words(mosquitto_strerror(code))
  }

  /// A text of the library without the dot that some have: it becomes part of a sentence.
  static func words(_ text: UnsafePointer<CChar>) -> String {
    let text = String(cString: text)
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  static func check(_ code: Int32, _ operation: String) throws(MQTTError) {
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      throw .library(operation: operation, reason: reason(code))
    }
  }
}

extension FixedWidthInteger {
  /// C enumerations arrive with either signedness, the library's functions return Int32.
  var signed: Int32 { Int32(self) }
}
