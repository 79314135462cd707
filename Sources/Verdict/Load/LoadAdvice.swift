import DeviceFleet

/// What to try where a fleet did not keep its schedule, by what was the limit.
package enum LoadAdvice {
  /// A sentence that begins with “try”.
  package static func text(_ part: LoadLimit.Part, _ figures: LoadFigures, connections: Int) -> String {
    let slower = "a slower clock (clock.speed)"
    switch part {
    case .fleet where figures.processes < figures.processors:
      return "try publishing.processes: \(figures.processes + 1) (it was \(figures.processes)), or \(slower)"
    case .fleet:
      return
        "try \(slower), or fewer devices: there are as many publishing processes as processors, or more "
        + "(\(figures.processes))"
    case .broker where (figures.waiting ?? 0) >= LoadDefaults.waiting:
      return
        "try more gateways, or a connection a device: each of the \(connections) connections waits when "
        + "\(FleetDefaults.unacknowledged) publications are not acknowledged; or \(slower)"
    case .broker:
      return "try fewer and larger publications (batch, with payload: senml), or \(slower)"
    case .ingestion: return "try fewer sensors, longer windows, or \(slower)"
    case .disk: return "try a folder on a faster disk (--out), or \(slower)"
    case .machine:
      let fewer = figures.processes > 1 ? "fewer publishing.processes (they were \(figures.processes)), " : ""
      return "try \(fewer)\(slower), or a broker on another machine (broker)"
    case .none, .unknown:
      return "try \(slower); other programs may have kept the machine busy"
    }
  }
}
