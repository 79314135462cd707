import Files

/// `capacity`: where a load that climbs was carried for the last time.
extension CapacityFinding: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("steps", "Steps that were published.") { $0.steps.count },
    .count("knee_step", "The last step that was carried, from 1.") { $0.knee?.stage },
    .measured("knee_per_second", "Messages a second that were offered in it.") { $0.knee?.offered },
    .measured("knee_p99_ms", "Its 99th percentile from the planned send until durable.") { $0.knee?.p99 },
    .text("limit", "The part that kept the next step from being carried.") { $0.limit?.part.rawValue },
    .detail("sentences", "The same in words.") { .array($0.sentences.map { .text($0) }) },
  ]
}
