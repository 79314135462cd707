import ClusterModel
import Telemetry

/// `answers`: which size to take. What a question has no answer to is null.
package struct AnswersSection: ReportSection {
  let answers: ClusterAnswers

  private static func row(
    _ name: String, _ about: String, _ answer: @escaping @Sendable (ClusterAnswers) -> ClusterAnswers.Answer
  ) -> ReportField<Self> {
    .section(name, about) { section in answer(section.answers).row.map { ClusterSection($0) } }
  }

  package static let fields: [ReportField<Self>] = [
    row("cheapest", "The size whose job costs least.") { $0.cheapest },
    row("fastest", "The size whose job is done first.") { $0.fastest },
    row("cheapest_within_deadline", "The cheapest of those that keep the deadline.") {
      $0.cheapestWithinDeadline
    },
    row("smallest_that_beats_one", "The fewest workers that are faster than one.") {
      $0.smallestThatBeatsOne
    },
    .measured(
      "break_even_interval_seconds",
      "From which interval between jobs on scaling to zero is cheaper than staying."
    ) {
      $0.answers.breakEvenInterval?.seconds
    },
    .detail("sentences", "The same in words.") { .array($0.answers.sentences.map { .text($0) }) },
  ]
}
