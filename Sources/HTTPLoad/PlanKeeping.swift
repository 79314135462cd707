import Foundation

/// Whether the generator sent what was planned when it was planned. Where it did not, its figures are of another load, and nothing may be
/// concluded from them. A service that is slow does not break the plan: requests then wait, and their latencies say so.
package struct PlanKeeping: Hashable, Sendable {
  /// What the generator itself knows of its part.
  package struct Figures: Hashable, Sendable {
    /// Requests that were due by the end.
    package var requests: Int
    /// How long the plan, or what was done of it, lasts, in seconds.
    package var plannedSeconds: Double
    /// From the start to the last request that was taken up, in seconds.
    package var takenSeconds: Double
    /// The 99th percentile of the generator's own part of the send lag, in milliseconds.
    package var ownLagP99Ms: Double
    /// Requests that found no free connection.
    package var waits: Int
    package var connections: Int
    /// The generator's processor time, in seconds.
    package var cpuSeconds: Double
    package var elapsedSeconds: Double

    package init(
      requests: Int, plannedSeconds: Double, takenSeconds: Double, ownLagP99Ms: Double, waits: Int,
      connections: Int, cpuSeconds: Double, elapsedSeconds: Double
    ) {
      self.requests = requests
      self.plannedSeconds = plannedSeconds
      self.takenSeconds = takenSeconds
      self.ownLagP99Ms = ownLagP99Ms
      self.waits = waits
      self.connections = connections
      self.cpuSeconds = cpuSeconds
      self.elapsedSeconds = elapsedSeconds
    }
  }

  /// Why the plan was not kept, in a sentence with what to try; nil where it was.
  package let missed: String?
  /// That requests waited for connections, in a sentence; nil where few did.
  package let waited: String?

  package var isKept: Bool { missed == nil }

  package init(_ figures: Figures) {
    missed = Self.missed(figures)
    waited = Self.waited(figures)
  }

  private static func missed(_ figures: Figures) -> String? {
    guard figures.requests > 0 else { return nil }
    let limit = HTTPLoadDefaults.lagLimitMs
    let span = max(figures.plannedSeconds, figures.takenSeconds)
    let isSlow =
      figures.takenSeconds > figures.plannedSeconds + HTTPLoadDefaults.edgeSeconds
      && figures.plannedSeconds / span < HTTPLoadDefaults.leastTaken
    let reason: String
    if isSlow {
      let (offered, taken) = (
        Double(figures.requests) / figures.plannedSeconds, Double(figures.requests) / span
      )
      reason = String(format: "it took up %.1f requests a second of %.1f that were planned", taken, offered)
    } else if figures.ownLagP99Ms > limit {
      reason = String(
        format: "one request in a hundred was late by %.1f ms or more (limit %.0f ms)", figures.ownLagP99Ms,
        limit)
    } else {
      return nil
    }
    let share = figures.elapsedSeconds > 0 ? figures.cpuSeconds / figures.elapsedSeconds : 0
    let advice =
      share >= HTTPLoadDefaults.busyShare
      ? "its thread was busy all the time: lower the rate, put more rows into a request, or run two generators"
      : "it waited for a processor: leave it one that the service does not use, or lower the rate"
    return "the generator was late by its own doing: \(reason); \(advice)"
  }

  private static func waited(_ figures: Figures) -> String? {
    guard figures.requests > 0,
      Double(figures.waits) > HTTPLoadDefaults.waitingShare * Double(figures.requests)
    else { return nil }
    let share = 100 * Double(figures.waits) / Double(figures.requests)
    return String(
      format:
        "%.0f%% of the requests found none of %d connections free: the service was slower than its load, or --connections is too small; their latencies have the wait",
      share, figures.connections)
  }
}
