import Telemetry

/// Draws faults: equal seeds give equal schedules.
///
/// A broker is only killed when it has saved its state, because what it forgets otherwise nobody could bring back; a
/// scenario can ask for that by name.
enum RandomFaults {
  /// What may be drawn, in the order of the draw. What scores inside the stream is broken by name alone: a seed goes on meaning what it
  /// meant before there was any.
  private static let choices = FaultKind.allCases.flatMap { kind in
    kind.targets.filter { !$0.isOfStream }.map { (kind: kind, target: $0) }
  }

  /// The most faults that can be asked for: more than any run carries out, against a slip of the finger.
  static let most = 1000

  /// How long a fault lasts that lasts: long enough to hold up a batch many times over, short enough for many of them.
  private static let lengthMs = 50...400
  /// How far a clock steps: more than any bound on times in the future.
  private static let clockStepsH = [-72, -1, 1, 72]

  /// `count` faults between two offsets of the clock, in order.
  ///
  /// - Parameter isPossible: Whether a fault can happen in this scenario at all.
  static func faults(
    count: Int, between: ClosedRange<Duration>, seed: UInt64, isPossible: (FaultSpecification) -> Bool
  ) -> [FaultSpecification] {
    var generator = SeededGenerator(seed: seed, stream: RandomStream.faults)
    let from = between.lowerBound.milliseconds
    let span = Int(between.upperBound.milliseconds - from)
    var faults: [FaultSpecification] = []
    // Every scenario allows at least kills of ingestion, so this ends.
    while faults.count < count {
      let choice = choices[generator.index(below: choices.count)]
      let at = Duration.milliseconds(from + Int64(generator.index(below: max(1, span))))
      let lasts =
        choice.kind.length == .required || (choice.kind.length == .optional && generator.uniform() < 0.5)
      let lengthMs = lengthMs.lowerBound + generator.index(below: lengthMs.count)
      let step = clockStepsH[generator.index(below: clockStepsH.count)]
      let fault = FaultSpecification(
        at: at, kind: choice.kind, target: choice.target, length: lasts ? .milliseconds(lengthMs) : .zero,
        by: choice.kind == .clockStep ? .seconds(3600 * step) : .zero,
        saved: choice.kind == .kill && choice.target == .broker)
      if isPossible(fault) { faults.append(fault) }
    }
    return faults.sorted { $0.at < $1.at }
  }
}
