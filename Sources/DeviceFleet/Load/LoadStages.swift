import MQTT
import Telemetry

/// The stages of a fleet's load, one after the other in event time. Where groups have profiles of their own, each beginning of a
/// stage of one of them begins a stage of the fleet. Without a profile there is one stage: the whole clock.
package struct LoadStages: Hashable, Sendable {
  /// One stage. What is due from its beginning to that of the next belongs to it.
  package struct Stage: Hashable, Sendable {
    /// What happens in it, such as `ramp`; `whole` without a profile, `mixed` where groups differ.
    package var name: String
    /// The level at its end, as a multiple of what `every` says; nil where groups differ.
    package var level: Double?
    /// From the start of the clock.
    package var begin: Duration
    /// Until then it has its load: rates are counted from ``begin`` to here. The next one may begin later.
    package var end: Duration

    package init(name: String, level: Double?, begin: Duration, end: Duration) {
      self.name = name
      self.level = level
      self.begin = begin
      self.end = end
    }

    package var length: Duration { end - begin }
  }

  package let all: [Stage]

  /// More are not told apart: what begins after so many belongs to the last.
  package static var most: Int { IntendedTime.mostStages }

  package init(_ all: [Stage]) { self.all = all }

  /// Those of `groups` within a clock of `duration`.
  package init(_ groups: [DeviceGroup], duration: Duration) {
    let profiles = groups.map { $0.rhythm?.profile }
    let begins = Set(profiles.compactMap(\.self).flatMap(\.begins))
    guard begins.contains(where: { $0 > 0 && $0 < duration.milliseconds }) else {
      let level = profiles.count == 1 ? profiles[0].map { $0.stage(at: 0).level } ?? 1 : nil
      all = [Stage(name: "whole", level: level, begin: .zero, end: duration)]
      return
    }
    let inside = Array(begins.filter { $0 < duration.milliseconds }.sorted().prefix(Self.most))
    let common = Set(profiles).count == 1 ? profiles[0] : nil
    all = inside.enumerated().map { index, begin in
      let end = index + 1 < inside.count ? inside[index + 1] : duration.milliseconds
      let stage = common?.stage(at: begin)
      return Stage(
        name: stage?.name ?? "mixed", level: stage?.level, begin: .milliseconds(begin),
        end: .milliseconds(end))
    }
  }

  /// Finds the stage of what comes in order of time, without a search.
  struct Cursor {
    private let begins: [Int64]
    private(set) var stage = 0

    init(_ stages: LoadStages) { begins = stages.all.map(\.begin.milliseconds) }

    /// Goes on to the stage of what is due at `time`, in milliseconds from the start of the clock.
    mutating func advance(to time: Int64) {
      while stage + 1 < begins.count, begins[stage + 1] <= time { stage += 1 }
    }
  }
}
