import Modelling
import Telemetry

/// What a scheduler does next, as a pure function of the schedule, of what was done, and of the watermark.
package struct JobSequence: Hashable, Sendable {
  package enum Step: Hashable, Sendable {
    case train(TrainingRange)
    case job(JobCut)
    /// Nothing until the watermark moves.
    case wait
    /// The stream has ended and everything is done.
    case finish
  }

  private let schedule: Schedule
  private let training: TrainingRange?
  private var isTrained: Bool
  private var lastCut: Timestamp
  private var isClosed = false
  private var unfinished: JobCut?

  /// - Parameters:
  ///   - from: Windows visible at this time are not scored; the first job fires after it.
  ///   - training: nil where the models are given.
  ///   - isTrained: Whether an earlier life has trained them.
  ///   - last: The last job of an earlier life, which is taken up where it is unfinished.
  package init(
    schedule: Schedule, from: Timestamp, training: TrainingRange? = nil, isTrained: Bool = false,
    last: (cut: JobCut, isFinal: Bool)? = nil
  ) {
    self.schedule = schedule
    self.training = training
    self.isTrained = isTrained || training == nil
    lastCut = from
    guard let last else { return }
    if last.isFinal { advance(past: last.cut) } else { unfinished = last.cut }
  }

  /// What to do while the store's watermark is `watermark`. Ask again after ``didTrain()`` or ``didRun(_:)``.
  package func next(watermark: Timestamp?, streamEnded: Bool) -> Step {
    if let unfinished { return .job(unfinished) }
    let fire = isClosed ? nil : schedule.next(after: lastCut)
    let fireIsDue = fire.flatMap { fire in watermark.map { fire <= $0 } } ?? false
    if !isTrained, let training {
      // In event time: jobs that fire before the range has ended come first.
      let isDue = streamEnded || watermark.map { training.to <= $0 } ?? false
      if isDue, !fireIsDue || fire.map({ training.to <= $0 }) ?? true { return .train(training) }
    }
    if fireIsDue, let fire { return .job(JobCut(after: lastCut, fire: fire)) }
    guard streamEnded else { return .wait }
    return isClosed ? .finish : .job(JobCut(closingAfter: lastCut))
  }

  package mutating func didTrain() { isTrained = true }

  /// The job of `cut` has reached a final state.
  package mutating func didRun(_ cut: JobCut) {
    unfinished = nil
    advance(past: cut)
  }

  private mutating func advance(past cut: JobCut) {
    if let through = cut.through { lastCut = through } else { isClosed = true }
  }
}
