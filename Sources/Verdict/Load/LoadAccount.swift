import DeviceFleet

/// What a run saw of its load from outside, stage by stage: times, what the store held, and what the parts used of the machine.
package struct LoadAccount: Hashable, Sendable, Codable {
  package struct Stage: Hashable, Sendable, Codable {
    /// As ``LoadStages/Stage``.
    package var name: String
    package var level: Double?
    /// How long its load lasts by the schedule, on the wall clock; nil without a schedule.
    package var seconds: Double?
    /// Messages that ingestion had taken over when it began and when it ended; nil where the run did not see that moment.
    package var takenAtBegin: Int?
    package var takenAtEnd: Int?
    /// How many processors each part used on average; nil where it was not there throughout.
    package var fleetCores: Double?
    package var brokerCores: Double?
    package var ingestionCores: Double?
    /// How many processors were not idle, whoever used them: also those that the host of a virtual machine gave to others.
    package var machineCores: Double?

    enum CodingKeys: String, CodingKey {
      case name, level, seconds
      case takenAtBegin = "taken_at_begin"
      case takenAtEnd = "taken_at_end"
      case fleetCores = "fleet_cores"
      case brokerCores = "broker_cores"
      case ingestionCores = "ingestion_cores"
      case machineCores = "machine_cores"
    }

    package init(name: String, level: Double?, seconds: Double?) {
      self.name = name
      self.level = level
      self.seconds = seconds
    }
  }

  /// How far a climb went.
  package struct Climb: Hashable, Sendable, Codable {
    /// Steps that were published, and those of the scenario.
    package var steps: Int
    package var planned: Int
    /// The bound of the 99th percentile of latency.
    package var latencyMs: Double

    enum CodingKeys: String, CodingKey {
      case steps, planned
      case latencyMs = "latency_ms"
    }

    package init(steps: Int, planned: Int, latencyMs: Double) {
      self.steps = steps
      self.planned = planned
      self.latencyMs = latencyMs
    }
  }

  /// Processors of the machine.
  package var processors: Int
  package var stages: [Stage]
  /// Nil where the load does not climb.
  package var climb: Climb?

  package init(processors: Int, stages: [Stage], climb: Climb? = nil) {
    self.processors = processors
    self.stages = stages
    self.climb = climb
  }
}
