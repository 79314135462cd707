/// What a broker did for a subscriber that went away and came back, as ``SessionTrial`` has seen it.
package struct SessionObservations: Hashable, Sendable, Codable {
  package var version: ProtocolVersion
  /// Messages that were published while the subscriber was away, and that the broker has acknowledged. They are numbered from 0.
  package var published: Int
  /// Whether the broker still had the session.
  package var resumedSession: Bool
  /// How many messages came before the first was acknowledged.
  package var inFlight = 0
  /// How many of those came again when the connection had broken and was made again.
  package var cameAgain = 0
  /// How the broker sends again, as ``AcknowledgementSelfTest`` has found it; nil where that has failed.
  package var redelivery: RedeliveryForm?
  /// How many different messages came in all.
  package var received = 0
  /// The number of the first that never came; nil where all did.
  package var firstMissing: Int?
  /// How many came again after they had been acknowledged.
  package var cameAfterAcknowledgement = 0

  package init(version: ProtocolVersion, published: Int, resumedSession: Bool) {
    self.version = version
    self.published = published
    self.resumedSession = resumedSession
  }

  /// What is to be said of it, the worst first.
  package var findings: [SessionFinding] {
    guard resumedSession else { return [SessionFinding(.sessionLost)] + notes }
    var findings: [SessionFinding] = []
    if inFlight > 0, cameAgain < inFlight {
      findings.append(SessionFinding(.notSentAgain(count: inFlight - cameAgain, of: inFlight)))
    }
    if received == 0, published > 0 {
      findings.append(SessionFinding(.queueLost(published: published)))
    } else if received < published {
      findings.append(
        SessionFinding(.queueCapped(kept: received, published: published, isFirst: firstMissing != 0)))
    }
    if cameAfterAcknowledgement > 0 {
      findings.append(SessionFinding(.sentAfterAcknowledgement(count: cameAfterAcknowledgement)))
    }
    // With fewer than were published and kept, the broker was waiting for us.
    if inFlight > 0, inFlight < min(received, SessionFinding.enoughInFlight) {
      findings.append(SessionFinding(.inFlightCapped(count: inFlight)))
    }
    return findings + notes
  }

  private var notes: [SessionFinding] {
    var notes: [SessionFinding] = []
    if let redelivery, redelivery != .samePacketID {
      notes.append(SessionFinding(.packetIDsChange(isMarked: redelivery == .newPacketID)))
    }
    if version == .threeOneOne { notes.append(SessionFinding(.noExpiry)) }
    return notes
  }
}

/// Something that a broker does with sessions, what it costs, and what to set.
package struct SessionFinding: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The session was gone.
    case sessionLost
    /// Messages that had been delivered and not acknowledged did not come again.
    case notSentAgain(count: Int, of: Int)
    /// The session was there, and nothing of what had been published meanwhile.
    case queueLost(published: Int)
    /// Only some of it was there.
    case queueCapped(kept: Int, published: Int, isFirst: Bool)
    /// Messages came again although they had been acknowledged.
    case sentAfterAcknowledgement(count: Int)
    /// It sends few messages before it waits for an acknowledgement.
    case inFlightCapped(count: Int)
    /// What comes again has another packet id.
    case packetIDsChange(isMarked: Bool)
    /// MQTT 3.1.1 cannot say how long a session is to be kept.
    case noExpiry
  }

  package enum Severity: String, Hashable, Sendable, Codable {
    /// Nothing is lost by it.
    case note
    /// It loses or costs something under some load, or after some absence.
    case warning
    /// What ingestion promises does not hold with this broker.
    case failure
  }

  package let kind: Kind

  init(_ kind: Kind) { self.kind = kind }

  /// Messages in flight from which on a commit costs little a message (docs/ingestion.md has a figure).
  static let enoughInFlight = 500

  package var severity: Severity {
    switch kind {
    case .sessionLost, .notSentAgain, .queueLost: .failure
    case .queueCapped, .inFlightCapped, .sentAfterAcknowledgement: .warning
    case .packetIDsChange(let isMarked): isMarked ? .note : .warning
    case .noExpiry: .note
    }
  }

  /// What was seen, and what follows from it.
  package var problem: String {
    switch kind {
    case .sessionLost:
      "the session of a client that has gone is not kept: what is published while ingestion is away is lost"
    case .notSentAgain(let count, let all):
      "\(count) of \(all) messages that nobody had acknowledged did not come again: a crash loses them"
    case .queueLost(let published):
      "the session is kept, and none of \(published) messages that were published while nobody listened: an absence loses all"
    case .queueCapped(let kept, let published, let isFirst):
      "of \(published) messages that were published while nobody listened only the \(isFirst ? "first" : "last") \(kept) were "
        + "kept, although each was acknowledged to its publisher"
    case .sentAfterAcknowledgement(let count):
      "\(count) messages came again although they had been acknowledged; they count as duplicates where they can be told"
    case .inFlightCapped(let count):
      "it sends \(count == 1 ? "one message" : "\(count) messages") and then waits for acknowledgements: a commit may hold no more than "
        + "that, and each goes to the disk; with 5 ms a commit, that is \(count * 200) messages a second"
    case .packetIDsChange(let isMarked):
      "what comes again has another packet id"
        + (isMarked
          ? ", and a mark: payloads without a time or a number are told by that and by their bytes"
          : ", and no mark: after a broken connection, payloads without a time or a number may count twice")
    case .noExpiry: "MQTT 3.1.1 cannot say how long the session is kept: the broker's own setting counts"
    }
  }

  /// What to do; nil where nothing can be done.
  package var remedy: String? {
    switch kind {
    case .sessionLost:
      "allow persistent sessions to client ids that begin with sonde-; RabbitMQ: mqtt.subscription_ttl far above any absence, in "
        + "milliseconds; mosquitto: no persistent_client_expiration"
    case .notSentAgain: "use another broker, or a newer version of this one"
    case .queueLost:
      "have messages at QoS 1 queued for clients that are away; mosquitto: max_queued_messages 1000000; RabbitMQ: no policy "
        + "with message-ttl or max-length for queues mqtt-subscription-…"
    case .queueCapped:
      "mosquitto: max_queued_messages 1000000, max_queued_bytes 0; RabbitMQ: no policy with max-length for queues "
        + "mqtt-subscription-…"
    case .sentAfterAcknowledgement: nil
    case .inFlightCapped: "mosquitto: max_inflight_messages 1000; RabbitMQ: mqtt.prefetch = 1000"
    case .packetIDsChange: "give messages a time, or an epoch and a sequence"
    case .noExpiry:
      "mosquitto keeps it for ever, unless persistent_client_expiration says otherwise; RabbitMQ for 24 hours, unless "
        + "mqtt.subscription_ttl does"
    }
  }
}
