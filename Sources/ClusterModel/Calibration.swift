import Telemetry

/// How well the model predicts sizes that it has not seen: the gate of a sweep. Pure.
package struct Calibration: Sendable {
  /// A size that the model was not fitted on.
  package struct HeldOut: Hashable, Sendable {
    package var cell: ClusterCell
    package var measuredSeconds: Double
    package var simulatedSeconds: Double
    package var measuredNodeSeconds: Double
    package var simulatedNodeSeconds: Double
    /// Half of the interval in which 95% of the errors of a bootstrap over rounds lie.
    package var halfWidth: Double

    /// (simulated − measured) / measured, of the makespan.
    package var error: Double { Self.error(simulatedSeconds, measuredSeconds) }
    package var nodeSecondsError: Double { Self.error(simulatedNodeSeconds, measuredNodeSeconds) }
    /// The greater of both, by amount.
    package var worstError: Double { max(abs(error), abs(nodeSecondsError)) }

    static func error(_ simulated: Double, _ measured: Double) -> Double {
      measured > 0 ? (simulated - measured) / measured : .infinity
    }
  }

  package enum Outcome: Hashable, Sendable {
    case passed
    case failed(reason: String)
    /// Nothing can be said, because the figures are too uncertain.
    case invalid(reason: String)
  }

  /// The largest error that a prediction may have.
  package static let largestError = 0.05
  /// The widest interval, to either side, at which an error of that size can be judged: half of it.
  package static let widestHalfWidth = largestError / 2
  /// The interval that a bootstrap gives for fewer is too narrow to be believed.
  package static let fewestRounds = 6
  /// How often rounds are drawn anew.
  package static let replicates = 100
  /// How often a held-out size is simulated for a prediction.
  static let drawsPerPrediction = 100
  /// The most processors that other programs may be at, on average, while rounds are measured: more disturbs them.
  package static let mostOtherProcessors = 0.15

  package let times: TaskTimes
  /// The fits of the bootstrap.
  package let models: [TaskTimes]
  package let tasks: Int
  package let rounds: Int
  package let heldOut: [HeldOut]
  /// How much reference jobs differed: half of the range that holds 95% of them, by their median.
  package let noise: Double

  package var worstError: Double? { heldOut.map(\.worstError).max() }
  package var halfWidth: Double? { heldOut.map(\.halfWidth).max() }

  /// Whether more rounds could help.
  package var isUncertain: Bool {
    halfWidth.map { $0 > Self.widestHalfWidth || rounds < Self.fewestRounds } ?? false
  }

  /// Fits the model on the cells that are not held out, and predicts those that are.
  ///
  /// - Parameters:
  ///   - isHeldOut: Of the measured cells.
  ///   - simulation: The cell in the simulator, with the tasks of the planner.
  ///   - damage: What the fitted times are multiplied with; 1 but for a test of this gate.
  package init(
    _ rounds: [MeasuredRound], isHeldOut: (ClusterCell) -> Bool, seed: UInt64, damage: Double = 1,
    simulation: (ClusterCell) -> CellSimulation?
  ) {
    precondition(!rounds.isEmpty, "a model is fitted on at least one round")
    func fit(_ rounds: [MeasuredRound]) -> TaskTimes {
      TaskTimesFit.fit(rounds) { !isHeldOut($0) }.scaled(by: damage)
    }
    let usual = rounds.atUsualSpeed { !isHeldOut($0) }
    times = fit(usual)
    tasks = usual.flatMap(\.allJobs).reduce(0) { $0 + $1.tasks.count }
    self.rounds = rounds.count
    let references = rounds.map { $0.reference.busySeconds }
    noise =
      references.median > 0
      ? (references.quantile(0.975) - references.quantile(0.025)) / 2 / references.median : 0
    var random = SeededGenerator(seed: seed, stream: RandomStream.bootstrap)
    let drawn = (0..<Self.replicates).map { _ in
      usual.indices.map { _ in usual[random.index(below: usual.count)] }
    }
    let models = drawn.map(fit)
    self.models = models
    let cells = Set(usual.flatMap { $0.jobs.map(\.cell) }.filter(isHeldOut)).sorted { $0.order < $1.order }
    let (all, fitted) = (usual, times)
    heldOut = cells.compactMap { cell in
      guard let simulation = simulation(cell) else { return nil }
      func predicted(_ times: TaskTimes, draws: Int) -> CellSimulation.Draw {
        let courses = (0..<draws).map { simulation.draw(times, seed: seed &+ UInt64($0)) }
        var draw = courses[0]
        draw.makespanSeconds = courses.map(\.makespanSeconds).interquartileMean
        draw.nodeSeconds = courses.map(\.nodeSeconds).interquartileMean
        return draw
      }
      func measured(_ rounds: [MeasuredRound], _ value: (MeasuredJob) -> Double) -> Double {
        rounds.flatMap { $0.jobs.filter { $0.cell == cell } }.map(value).interquartileMean
      }
      let errors = zip(drawn, models).map { rounds, times in
        HeldOut.error(
          predicted(times, draws: Self.drawsPerPrediction).makespanSeconds,
          measured(rounds, \.makespanSeconds))
      }
      let prediction = predicted(fitted, draws: Self.drawsPerPrediction)
      return HeldOut(
        cell: cell, measuredSeconds: measured(all, \.makespanSeconds),
        simulatedSeconds: prediction.makespanSeconds, measuredNodeSeconds: measured(all, \.nodeSeconds),
        simulatedNodeSeconds: prediction.nodeSeconds,
        halfWidth: (errors.quantile(0.975) - errors.quantile(0.025)) / 2)
    }
  }

  /// The verdict of the gate. A figure that is too uncertain, or was taken beside other work, neither passes nor fails.
  ///
  /// - Parameter otherProcessors: How many processors other programs were at, on average, while the rounds were measured.
  package func outcome(otherProcessors: Double) -> Outcome {
    if otherProcessors > Self.mostOtherProcessors {
      return .invalid(
        reason:
          "other programs were at \(Self.text(otherProcessors)) processors while the cluster sizes were measured; at most "
          + "\(Self.text(Self.mostOtherProcessors)) leave the figures alone")
    }
    if let halfWidth, isUncertain {
      return .invalid(
        reason:
          "after \(rounds) rounds the errors of the predictions are known to ±\(Self.percent(halfWidth)) only, and "
          + "±\(Self.percent(Self.widestHalfWidth)) is needed; reference jobs differed by ±\(Self.percent(noise))"
      )
    }
    guard let worst = heldOut.max(by: { $0.worstError < $1.worstError }),
      worst.worstError > Self.largestError
    else { return .passed }
    let isTime = abs(worst.error) >= abs(worst.nodeSecondsError)
    let (simulated, measured) =
      isTime
      ? (worst.simulatedSeconds, worst.measuredSeconds)
      : (worst.simulatedNodeSeconds, worst.measuredNodeSeconds)
    return .failed(
      reason:
        "the model is wrong by \(Self.percent(worst.worstError)) at \(worst.cell.nodes) nodes with mini_batch_size "
        + "\(worst.cell.miniBatchSize): \(isTime ? "makespan" : "node-seconds") \(Self.text(simulated)) s simulated, "
        + "\(Self.text(measured)) s measured; at most \(Self.percent(Self.largestError)) is allowed")
  }

  private static func percent(_ share: Double) -> String { text(share * 100) + "%" }

  private static func text(_ number: Double) -> String {
    guard number.isFinite else { return "\(number)" }
    let scaled = (number * 100).rounded() / 100
    return scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)"
  }
}
