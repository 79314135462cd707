import Foundation
import Telemetry

/// When somebody else takes a node of low priority away: a distribution of its life, from the time that it is up.
package struct PreemptionProfile: Hashable, Sendable {
  /// The shape of the distribution.
  package enum Lifetimes: Hashable, Sendable {
    /// Memoryless: as many an hour whatever the age of a node, with this mean.
    case exponential(meanHours: Double)
    /// Many early and many shortly before a limit, few between, as measured for Google's preemptible nodes (Kadupitiya, Jadhao and
    /// Sharma, arXiv 1911.05160): by an age of t hours, F(t) = share × (1 − e^(−t / early)) + e^((t − limit) / late), and all by
    /// `limit`.
    case bathtub(share: Double, earlyHours: Double, lateHours: Double, limitHours: Double)
  }

  /// What scenarios call it.
  package let name: String
  package let lifetimes: Lifetimes
  /// How long a node that was given notice is still there. Its tasks are not waited for: they are done again elsewhere, as in Azure
  /// ML, when it has gone.
  package let noticeSeconds: Double
  /// Whether the job is canceled where all of its nodes are taken at the same time, as in Azure ML, which a cluster of one node
  /// always meets.
  package let cancelsWhenAllAreTaken: Bool
  package let source: String

  package init(
    name: String, lifetimes: Lifetimes, noticeSeconds: Double, cancelsWhenAllAreTaken: Bool, source: String
  ) {
    self.name = name
    self.lifetimes = lifetimes
    self.noticeSeconds = noticeSeconds
    self.cancelsWhenAllAreTaken = cancelsWhenAllAreTaken
    self.source = source
  }

  /// The profiles that scenarios can name.
  package static let all = [
    PreemptionProfile(
      name: "azure", lifetimes: .exponential(meanHours: 24), noticeSeconds: 30, cancelsWhenAllAreTaken: true,
      source:
        "notice and canceling: Azure ML's documentation; how often is not published, and set to once a day for a node"
    ),
    PreemptionProfile(
      name: "azure-busy", lifetimes: .exponential(meanHours: 1), noticeSeconds: 30,
      cancelsWhenAllAreTaken: true,
      source: "as azure, in a region with little room: set to once an hour for a node"),
    PreemptionProfile(
      name: "aws", lifetimes: .exponential(meanHours: 24), noticeSeconds: 120, cancelsWhenAllAreTaken: false,
      source: "notice: EC2's documentation; how often is set to once a day for a node"),
    PreemptionProfile(
      name: "gcp", lifetimes: .bathtub(share: 0.4, earlyHours: 1, lateHours: 0.8, limitHours: 24),
      noticeSeconds: 30, cancelsWhenAllAreTaken: false,
      source: "the shape and the order of the constants of arXiv 1911.05160; a limit of 24 h"),
  ]

  /// The profile called `name`; nil where there is none.
  package static func named(_ name: String) -> PreemptionProfile? { all.first { $0.name == name } }

  /// The share of nodes that are taken before they are `hours` old.
  package func share(takenBy hours: Double) -> Double {
    switch lifetimes {
    case .exponential(let mean): return hours > 0 ? 1 - Foundation.exp(-hours / mean) : 0
    case .bathtub(let share, let early, let late, let limit):
      guard hours > 0 else { return 0 }
      guard hours < limit else { return 1 }
      return min(
        1, share * (1 - Foundation.exp(-hours / early)) + Foundation.exp((hours - limit) / late))
    }
  }

  /// The age at which `share` of all nodes have been taken, in seconds.
  package func seconds(at share: Double) -> Double {
    switch lifetimes {
    case .exponential(let mean): return -mean * 3600 * Foundation.log(1 - min(share, 1 - 1e-15))
    case .bathtub(_, _, _, let limit):
      // F is not inverted by a formula: forty halvings are exact to a millisecond.
      var (low, high) = (0.0, limit)
      for _ in 0..<40 {
        let middle = (low + high) / 2
        if self.share(takenBy: middle) < share { low = middle } else { high = middle }
      }
      return high * 3600
    }
  }
}
