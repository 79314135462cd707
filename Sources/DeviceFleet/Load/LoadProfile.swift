import Telemetry

/// One stage of a ``LoadProfile``. Levels are multiples of the rate that ``DeviceGroup/every`` gives: at 2 each device
/// publishes twice as often.
package enum LoadStage: Hashable, Sendable {
  /// From the level before evenly to `level`.
  case ramp(to: Double, over: Duration)
  /// The level before, for a time.
  case hold(for: Duration)
  /// At once to `level`, and there for a time.
  case step(to: Double, for: Duration)
  /// At once to `level`, there for a time, and back to the level before.
  case burst(to: Double, for: Duration)
}

/// How often a group publishes as time goes on: level 0 before the first stage, and that of the last stage after it.
///
/// Devices publish when the work done, the integral of the level over time, has grown by one interval. So a ramp is as
/// smooth as the interval allows, a level of a half means half as often, and no draw is needed.
package struct LoadProfile: Hashable, Sendable {
  private struct Segment: Hashable {
    /// Milliseconds from the start of the clock.
    var start: Double
    var length: Double
    var from: Double
    var to: Double
    /// The work done before it, in milliseconds at level 1.
    var before: Double

    func work(after elapsed: Double) -> Double {
      from * elapsed + (to - from) * elapsed * elapsed / (2 * length)
    }

    var work: Double { (from + to) / 2 * length }
  }

  package let stages: [LoadStage]
  private let segments: [Segment]
  /// The level after the last stage.
  private let last: Segment

  package init(_ stages: [LoadStage]) {
    self.stages = stages
    var segments: [Segment] = []
    var level = 0.0
    var start = 0.0
    var work = 0.0
    func add(_ from: Double, _ to: Double, _ length: Duration) {
      let segment = Segment(
        start: start, length: Double(length.milliseconds), from: from, to: to, before: work)
      segments.append(segment)
      start += segment.length
      work += segment.work
    }
    for stage in stages {
      switch stage {
      case .ramp(let to, let time):
        add(level, to, time)
        level = to
      case .hold(let time): add(level, level, time)
      case .step(let to, let time):
        add(to, to, time)
        level = to
      case .burst(let to, let time): add(to, to, time)
      }
    }
    self.segments = segments
    last = Segment(start: start, length: .infinity, from: level, to: level, before: work)
  }

  /// The highest level.
  package var peak: Double { (segments + [last]).map { max($0.from, $0.to) }.max() ?? 0 }

  /// How long all stages take together.
  package var length: Duration { .milliseconds(Int64(last.start)) }

  /// When each stage begins, and what follows the last, in milliseconds from the start of the clock.
  var begins: [Int64] { (segments + [last]).map { Int64($0.start) } }

  /// What happens at a time, in milliseconds, and the level to which it leads.
  func stage(at time: Int64) -> (name: String, level: Double) {
    let index = segments.lastIndex { $0.start <= Double(time) }
    guard Double(time) < last.start, let index else { return ("hold", last.to) }
    let name =
      switch stages[index] {
      case .ramp: "ramp"
      case .hold: "hold"
      case .step: "step"
      case .burst: "burst"
      }
    return (name, segments[index].to)
  }

  /// The work done by a time, both in milliseconds.
  func work(at time: Double) -> Double {
    guard let segment = segments.last(where: { $0.start <= time && time < $0.start + $0.length }) else {
      return last.before + last.from * (time - last.start)
    }
    return segment.before + segment.work(after: time - segment.start)
  }

  /// The time by which `work` is done; infinite where it never is.
  func time(ofWork work: Double) -> Double {
    guard let segment = segments.first(where: { work < $0.before + $0.work }) else {
      return last.from > 0 ? last.start + (work - last.before) / last.from : .infinity
    }
    let rest = work - segment.before
    guard rest > 0 else { return segment.start }
    let slope = (segment.to - segment.from) / segment.length
    // The root of from·t + slope·t²/2 = rest in the form that does not cancel.
    let root = (segment.from * segment.from + 2 * slope * rest).squareRoot()
    return segment.start + 2 * rest / (segment.from + root)
  }
}
