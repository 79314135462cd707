import DeviceFleet

/// `fleet`: how the devices were connected.
extension FleetLedger: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("connections", "Connections that were open at once.") { $0.connections },
    .count("processes", "Processes that published.") { $0.processes },
    .measured("connect_seconds", "Wall-clock time until every connection had been made.") {
      $0.connectSeconds
    },
    .count("births", "Birth messages.") { $0.births },
  ]
}

/// `schedule_lag_ms`: how late publications were against their schedule.
extension FleetLedger.Lag: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .exact("p50", "The median, in milliseconds.") { $0.p50 },
    .exact("p99", "The 99th percentile.") { $0.p99 },
    .exact("max", "The greatest.") { $0.max },
  ]
}
