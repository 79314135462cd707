import MQTT
import Supervision

/// What `sonde doctor` finds out about a broker, by experiments with client ids and topics of its own.
extension DoctorCommand {
  /// Of its own for each: several may be at work on one broker, and what is interrupted has its session forgotten before it ends.
  private static let clientID = "sonde-doctor-" + String(UInt32.random(in: 0...UInt32.max), radix: 16)

  /// Where the version of MQTT cannot be found out, or is not spoken, nothing else is tried. Throws `MQTTError.stopped` where `stop`
  /// is set meanwhile; no session is left then.
  func checks(of broker: BrokerAddress, _ choice: ProtocolChoice, until stop: StopFlag) throws -> [Check] {
    let agreed: AgreedProtocol
    do {
      agreed = try AgreedProtocol.ask(
        broker, clientID: Self.clientID, choice, alwaysConnects: true, until: { stop.isSet })
    } catch MQTTError.stopped {
      throw MQTTError.stopped
    } catch {
      return [
        Check(
          name: "protocol", outcome: .failed, finding: "\(error)",
          remedy: Self.isAnswer(error)
            ? Self.againstRefusal(error) : "look whether a broker is running there, and at its log")
      ]
    }
    let version = Check(
      name: "protocol", outcome: .ok,
      finding: agreed.notice.map { "\(broker): \($0)" }
        ?? "\(agreed.version.name) is spoken with \(broker)")
    let (acknowledgement, redelivery) = try acknowledgement(broker, agreed.version, stop)
    return try [version, acknowledgement] + sessions(broker, agreed.version, redelivery, stop)
  }

  /// Whether somebody has answered who may be a broker.
  private static func isAnswer(_ error: any Error) -> Bool {
    switch error as? MQTTError {
    case .refused?, .refusedInOlderVersion?, .handshakeFailed?: true
    default: false
    }
  }

  private func acknowledgement(_ broker: BrokerAddress, _ version: ProtocolVersion, _ stop: StopFlag) throws
    -> (Check, RedeliveryForm?)
  {
    do {
      let redelivery = try AcknowledgementSelfTest.run(
        address: broker, clientID: Self.clientID, version: version, until: { stop.isSet })
      let check = Check(
        name: "acknowledgement", outcome: .ok,
        finding: "\(broker) sends again what was not acknowledged, and only that")
      return (check, redelivery)
    } catch MQTTError.stopped {
      throw MQTTError.stopped
    } catch {
      let check = Check(
        name: "acknowledgement", outcome: .failed, finding: "\(error)",
        remedy: Self.againstRefusal(error)
          ?? "look at the broker's log; sessions and QoS 1 must be allowed for client ids that begin with sonde-"
      )
      return (check, nil)
    }
  }

  /// What to do where the broker answers, and does not let us do what is tried; nil where that is not what `error` says.
  private static func againstRefusal(_ error: any Error) -> String? {
    switch error as? MQTTError {
    case .refused?, .refusedInOlderVersion?:
      "a broker is running there; give the --username and --password-file that it knows, and let it take client ids that "
        + "begin with sonde- (mosquitto: password_file, allow_anonymous, clientid_prefixes); its log may say more"
    case .handshakeFailed?:
      "give --ca-file with the authority that has signed the broker's certificate, --cert-file and --key-file where the broker wants "
        + "a certificate too, and the host that its certificate names"
    case .subscriptionRefused?:
      "let it grant subscriptions at QoS 1, to topics below sonde/ and to your own (mosquitto: max_qos, acl_file); "
        + "at QoS 0 it delivers and forgets, and sonde ingest does not start"
    case .deliversNothing?, .publicationRefused?:
      "let it allow publishing and subscribing to topics below sonde/ (mosquitto: acl_file), and packets of your messages' size, for "
        + "this test 100 bytes (mosquitto: max_packet_size, message_size_limit)"
    case .disconnected?, .timedOut?:
      "look at the broker's log; sessions and QoS 1 must be allowed for client ids that begin with sonde-, topics below "
        + "sonde/ (mosquitto: acl_file), and packets of 100 bytes (mosquitto: max_packet_size)"
    default: nil
    }
  }

  /// What the broker keeps of a session.
  private func sessions(
    _ broker: BrokerAddress, _ version: ProtocolVersion, _ redelivery: RedeliveryForm?, _ stop: StopFlag
  ) throws -> [Check] {
    var seen: SessionObservations
    do {
      seen = try SessionTrial.run(
        address: broker, clientID: Self.clientID, version: version, until: { stop.isSet })
      seen.redelivery = redelivery
    } catch MQTTError.stopped {
      throw MQTTError.stopped
    } catch {
      return [
        Check(
          name: "session", outcome: .failed, finding: "what it keeps of a session cannot be tried: \(error)",
          remedy: Self.againstRefusal(error)
            ?? "look at the broker's log; it must allow topics below sonde/doctor/")
      ]
    }
    let checks = seen.findings.map { finding in
      Check(
        name: "session", outcome: .init(finding.severity), finding: finding.problem, remedy: finding.remedy)
    }
    guard !checks.contains(where: { $0.outcome != .ok }) else { return checks }
    let kept = Check(
      name: "session", outcome: .ok,
      finding:
        "all of \(RunSummary.grouped(seen.published)) messages that were published while nobody listened came, "
        + "\(RunSummary.grouped(seen.inFlight)) of them before the first was acknowledged")
    return [kept] + checks
  }
}

extension DoctorCommand.Check.Outcome {
  fileprivate init(_ severity: SessionFinding.Severity) {
    switch severity {
    case .note: self = .ok
    case .warning: self = .warning
    case .failure: self = .failed
    }
  }
}
