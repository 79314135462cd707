import Foundation
import Logging
import MQTT
import Supervision
import WindowStore
import Wording

/// How ingestion comes to a connection: which version of MQTT, whether the broker waits for commits, and what it was subscribed to.
extension IngestionService {
  /// Finds the version of MQTT that is spoken, and proves that acknowledgements wait for the commit. Throws ``MQTTError``,
  /// ``MQTTError/stopped`` where it is told to stop meanwhile.
  static func prove(_ settings: IngestionSettings, _ logger: Logger, _ stop: StopFlag) throws
    -> (AgreedProtocol, RedeliveryForm)
  {
    let agreed = try AgreedProtocol.ask(
      settings.broker, clientID: settings.clientID, settings.mqtt ?? .auto, until: { stop.isSet })
    if let notice = agreed.notice { logger.notice("\(notice)") }
    let form = try AcknowledgementSelfTest.run(
      address: settings.broker, clientID: settings.clientID, version: agreed.version,
      until: { stop.isSet })
    logger.info(
      "acknowledgement self-test passed: \(settings.broker) waits for our commit (\(agreed.version.name))")
    switch form {
    case .samePacketID: break
    case .newPacketID:
      logger.notice(
        "the broker sends again under new packet ids; repetitions are told by their mark and bytes")
    case .unmarked:
      logger.warning(
        """
        the broker sends again under new packet ids and without a mark: after a lost connection, payloads without epoch and \
        sequence or a time of their own may count twice
        """)
    }
    return (agreed, form)
  }

  /// What the client id was subscribed to before, at this broker.
  struct FormerSubscriptions {
    /// To be given up.
    var others: [String]
    /// How many deliveries came before the present subscription was made; nil where it has to be made.
    var currentAfter: Int?

    init(_ settings: IngestionSettings, _ writer: WindowStoreWriter) throws {
      let known = try writer.subscriptions(of: settings.clientID, at: settings.broker.description)
      var others: [String] = []
      for filter in known.flatMap({ $0.filter.split(separator: Self.separator).map(String.init) })
      where !settings.filters.contains(filter) && !others.contains(filter) { others.append(filter) }
      self.others = others
      // The newest alone stands: each was given up for the next.
      if let last = known.last, last.filter == Self.text(settings) { currentAfter = last.after }
    }

    /// Several filters are taken down as one subscription, a line each.
    private static let separator: Character = "\n"

    static func text(_ settings: IngestionSettings) -> String {
      settings.filters.joined(separator: String(separator))
    }
  }

  /// Connects and subscribes. Throws `MQTTError`, also where the broker does not answer the subscription or it is told to stop before
  /// that, and `StoreError`.
  ///
  /// - Parameters:
  ///   - deliveries: How many came until now.
  ///   - readsDuplicateFlag: See ``IngestionFold/needsDuplicateFlag(_:)``.
  /// - Returns: How many deliveries came before the subscription was made.
  static func connect(
    _ settings: IngestionSettings, _ version: ProtocolVersion, _ writer: WindowStoreWriter,
    _ former: FormerSubscriptions, deliveries: Int, readsDuplicateFlag: Bool, _ stop: StopFlag
  ) throws -> (CommitGatedConsumer, subscribedAfter: Int) {
    func remember(isOnly: Bool) throws {
      try writer.remember(
        .init(filter: FormerSubscriptions.text(settings), after: deliveries), of: settings.clientID,
        at: settings.broker.description, isOnly: isOnly)
    }
    // Before it is made: whatever happens in between, the next start gives it up where it has another.
    if former.currentAfter == nil { try remember(isOnly: false) }
    let consumer = try CommitGatedConsumer(
      address: settings.broker, clientID: settings.clientID, filters: settings.filters,
      formerFilters: former.others, sessionExpiry: IngestionDefaults.sessionExpiry, version: version,
      readsDuplicateFlag: readsDuplicateFlag, until: { stop.isSet })
    guard !consumer.resumedSession else { return (consumer, former.currentAfter ?? deliveries) }
    // Whoever is told that we listen may publish at once. Where so much came before the answer that it has to be stored first, the
    // subscription is not known to stand.
    let isAnswered = try consumer.awaitSubscription(
      within: IngestionDefaults.subscriptionPatience, byteLimit: IngestionDefaults.bytesPerCommit,
      until: { stop.isSet })
    if isAnswered { try remember(isOnly: true) }
    return (consumer, deliveries)
  }

  /// What is to be said where a session that there was is gone.
  static func loss(ofSessionOf clientID: String, knownMessages: Int) -> String {
    let although = knownMessages > 0 ? " although the store knows \(knownMessages) messages" : " any more"
    return
      "the broker has no session of \(clientID.quoted)\(although): what was published while nobody listened is lost"
  }

  /// Says what else a session that was resumed may bring.
  static func note(_ former: FormerSubscriptions, _ settings: IngestionSettings, _ logger: Logger) {
    if !former.others.isEmpty {
      let filters = former.others.map { "“\($0)”" }.joined(separator: ", ")
      logger.info(
        "the session's earlier subscription \(filters) is given up; what the broker has queued of it still comes"
      )
    } else if former.currentAfter == nil {
      logger.warning(
        """
        the store does not know what the session of “\(settings.clientID)” was subscribed to before; whatever that \
        is comes too. Choose another --client-id where it must not
        """)
    }
  }
}
