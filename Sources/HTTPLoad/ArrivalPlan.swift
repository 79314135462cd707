import Telemetry

/// When requests are sent: planned beforehand, whatever becomes of those before (an open loop). Equal seeds plan equal times.
package struct ArrivalPlan: Hashable, Sendable {
  /// How requests are spread over a second.
  package enum Spacing: String, Hashable, Sendable, CaseIterable {
    /// As callers come who know nothing of each other: gaps are exponentially distributed.
    case poisson
    /// One after the other at equal gaps.
    case even
  }

  /// A time with a rate. A rate of 0 is a pause.
  package struct Stage: Hashable, Sendable {
    /// Requests a second.
    package var rate: Double
    package var duration: Duration

    package init(rate: Double, duration: Duration) {
      self.rate = rate
      self.duration = duration
    }
  }

  /// When one request is to be sent.
  package struct Arrival: Hashable, Sendable {
    /// From 0.
    package var number: Int
    /// Nanoseconds from the start.
    package var offset: Int64
    /// From 0.
    package var stage: Int
  }

  package let stages: [Stage]
  package let spacing: Spacing
  package let seed: UInt64

  /// Throws ``HTTPLoadError`` where the stages are none, too many or too long.
  package init(_ stages: [Stage], spacing: Spacing, seed: UInt64) throws(HTTPLoadError) {
    guard (1...HTTPLoadDefaults.mostStages).contains(stages.count) else {
      throw HTTPLoadError(
        "there are \(stages.count) stages; 1 to \(HTTPLoadDefaults.mostStages) are possible")
    }
    for stage in stages {
      guard stage.rate >= 0, stage.rate <= HTTPLoadDefaults.mostRate else {
        throw HTTPLoadError("a rate is 0 to \(Int(HTTPLoadDefaults.mostRate)) requests a second")
      }
      guard stage.duration > .zero else { throw HTTPLoadError("a stage lasts longer than 0s") }
    }
    let length = stages.reduce(Duration.zero) { $0 + $1.duration }
    guard length <= HTTPLoadDefaults.longest else {
      throw HTTPLoadError("the load lasts \(length.text); \(HTTPLoadDefaults.longest.text) is the longest")
    }
    self.stages = stages
    self.spacing = spacing
    self.seed = seed
    guard expectedRequests > 0 else { throw HTTPLoadError("no stage has a rate above 0") }
    guard expectedRequests <= HTTPLoadDefaults.mostRequests else {
      throw HTTPLoadError("the plan has more than \(Int(HTTPLoadDefaults.mostRequests)) requests")
    }
  }

  package var duration: Duration { stages.reduce(.zero) { $0 + $1.duration } }

  /// How many requests the rates come to; as many are planned at even gaps, and about as many at random ones.
  package var expectedRequests: Double { stages.reduce(0) { $0 + $1.rate * $1.duration.seconds } }

  /// All requests, in order of time.
  package var arrivals: Arrivals { Arrivals(self) }

  /// Makes the plan's times one after the other, so that a day of requests takes no memory.
  ///
  /// Time is measured in requests that should have come by then (the integral of the rate), in which gaps are alike in all stages: 1,
  /// or exponentially distributed with mean 1.
  package struct Arrivals: Sequence, IteratorProtocol, Sendable {
    private let stages: [Stage]
    private let spacing: Spacing
    private var generator: SeededGenerator
    private var number = 0
    /// Requests that should have come by the next one.
    private var work = 0.0
    private var stage = 0
    /// Requests that should have come by the beginning of the stage, and that beginning, in seconds.
    private var workBefore = 0.0
    private var begin = 0.0

    fileprivate init(_ plan: ArrivalPlan) {
      stages = plan.stages
      spacing = plan.spacing
      generator = SeededGenerator(seed: plan.seed, stream: RandomStream.requestArrivals)
      if spacing == .poisson { work = generator.exponential() }
    }

    package mutating func next() -> Arrival? {
      while stage < stages.count {
        let own = stages[stage].rate * stages[stage].duration.seconds
        if work < workBefore + own { break }
        workBefore += own
        begin += stages[stage].duration.seconds
        stage += 1
      }
      guard stage < stages.count else { return nil }
      let seconds = begin + (work - workBefore) / stages[stage].rate
      let arrival = Arrival(number: number, offset: Int64(seconds * 1e9), stage: stage)
      number += 1
      switch spacing {
      case .poisson: work += generator.exponential()
      // Not by adding up, which would drift.
      case .even: work = Double(number)
      }
      return arrival
    }
  }
}

extension ArrivalPlan.Stage {
  /// Reads `100:10s`: a rate and how long it lasts. Throws ``HTTPLoadError``.
  package init(text: some StringProtocol) throws(HTTPLoadError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let rate = Double(parts[0]), rate.isFinite,
      let duration = Duration(text: String(parts[1]))
    else {
      throw HTTPLoadError(
        "\(text.quoted) is no stage; a stage is a rate and how long it lasts, as in 100:10s")
    }
    self.init(rate: rate, duration: duration)
  }

  /// Reads `100:10s,200:10s`. Throws ``HTTPLoadError``.
  package static func list(_ text: String) throws(HTTPLoadError) -> [ArrivalPlan.Stage] {
    var stages: [ArrivalPlan.Stage] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      stages.append(try ArrivalPlan.Stage(text: part.filter { $0 != " " }))
    }
    return stages
  }
}

extension SeededGenerator {
  /// An exponentially distributed number of mean 1, by comparisons alone (von Neumann, "Various techniques used in connection with
  /// random digits", 1951), so that it is the same to the last bit on every machine, which a logarithm is not.
  fileprivate mutating func exponential() -> Double {
    var whole = 0.0
    while true {
      let first = uniform()
      var last = first
      var length = 1
      // How long numbers go on falling.
      while true {
        let next = uniform()
        if next >= last { break }
        last = next
        length += 1
      }
      if length % 2 == 1 { return whole + first }
      whole += 1
    }
  }
}
