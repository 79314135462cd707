/// `messages`: one instant of one device each, at every stage of their way.
package struct MessagesSection: ReportSection {
  let run: RunMeasurements

  package static let fields: [ReportField<Self>] = [
    .count("planned", "Messages of the plan.") { $0.run.subject.plannedMessages },
    .count("published", "Handed to the broker.") { $0.run.account.fleet?.published },
    .count("acknowledged", "Acknowledged by the broker.") { $0.run.account.fleet?.acknowledged },
    .count("unconfirmed", "Published at QoS 0, which nobody acknowledges.") {
      $0.run.account.fleet?.unconfirmed
    },
    .count("publications", "MQTT publications that carried messages.") { $0.run.account.fleet?.publications },
    .count("repeated", "Publications that repeat another on purpose.") { $0.run.account.fleet?.repeated },
    .count("waste", "Payloads published on purpose that are no messages.") { $0.run.account.fleet?.waste },
    .count("reconnects", "Connections of the fleet that broke and were made again.") {
      $0.run.account.fleet?.reconnects
    },
    .count("stored", "In the journal.") { $0.run.judged?.progress.storedMessages },
    .count("duplicates", "Dropped, because they had been taken before.") {
      $0.run.judged?.progress.duplicateMessages
    },
    .count("late", "Came when their windows could no longer change.") {
      $0.run.judged?.progress.lateMessages
    },
    .count("rejected", "Payloads that were not taken.") { $0.run.judged?.progress.rejectedMessages },
  ]
}
