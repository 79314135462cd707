import MQTT

/// What `sonde doctor` finds out about a broker, by experiments with client ids and topics of its own.
extension DoctorCommand {
  private static let clientID = "sonde-doctor"

  /// Where the version of MQTT cannot be found out, or is not spoken, nothing else is tried.
  func checks(of broker: BrokerAddress, _ choice: ProtocolChoice) -> [Check] {
    let agreed: AgreedProtocol
    do {
      agreed = try AgreedProtocol.ask(broker, clientID: Self.clientID, choice, alwaysConnects: true)
    } catch {
      return [
        Check(
          name: "protocol", outcome: .failed, finding: "\(error)",
          remedy: "look whether a broker is running there, and at its log")
      ]
    }
    let version = Check(
      name: "protocol", outcome: .ok,
      finding: agreed.notice.map { "\(broker): \($0)" }
        ?? "\(agreed.version.name) is spoken with \(broker)")
    let (acknowledgement, redelivery) = acknowledgement(broker, agreed.version)
    return [version, acknowledgement] + sessions(broker, agreed.version, redelivery)
  }

  private func acknowledgement(_ broker: BrokerAddress, _ version: ProtocolVersion)
    -> (Check, RedeliveryForm?)
  {
    do {
      let redelivery = try AcknowledgementSelfTest.run(
        address: broker, clientID: Self.clientID, version: version)
      let check = Check(
        name: "acknowledgement", outcome: .ok,
        finding: "\(broker) sends again what was not acknowledged, and only that")
      return (check, redelivery)
    } catch {
      let check = Check(
        name: "acknowledgement", outcome: .failed, finding: "\(error)",
        remedy: Self.againstRefusal(error)
          ?? "look at the broker's log; sessions and QoS 1 must be allowed for client ids that begin with sonde-"
      )
      return (check, nil)
    }
  }

  /// What to do where the broker does not grant a subscription; nil where that is not what `error` says.
  private static func againstRefusal(_ error: any Error) -> String? {
    guard case .subscriptionRefused? = error as? MQTTError else { return nil }
    return
      "let it grant subscriptions at QoS 1, to topics below sonde/ and to your own (mosquitto: max_qos, acl_file); "
      + "at QoS 0 it delivers and forgets, and sonde ingest does not start"
  }

  /// What the broker keeps of a session.
  private func sessions(
    _ broker: BrokerAddress, _ version: ProtocolVersion, _ redelivery: RedeliveryForm?
  ) -> [Check] {
    var seen: SessionObservations
    do {
      seen = try SessionTrial.run(address: broker, clientID: Self.clientID, version: version)
      seen.redelivery = redelivery
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
