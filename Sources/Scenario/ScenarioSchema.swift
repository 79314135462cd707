import BatchScoring
import Compute
import Documents
import Ingestion

/// The keys of a scenario: the one table from which the decoder takes the names it knows and `scenario.schema.json` is
/// written, so that editor and decoder cannot disagree.
package enum ScenarioSchema {
  typealias Mapping = Schema.Mapping
  typealias Key = Schema.Key
  typealias Kind = Schema.Kind

  static let scenario = Mapping(
    name: "scenario",
    keys: [
      Key(
        name: "name", kind: .identifier, about: "Names the run's folder: letters, digits, dots, dashes.",
        isRequired: true),
      Key(name: "about", kind: .text, about: "What the scenario shows, in a sentence."),
      Key(
        name: "seed", kind: seed,
        about: "Equal seeds give equal runs. Default 1."),
      Key(
        name: "seeds", kind: .any([.form(.seeds), .list(.any([seed, .form(.seedRange)]), atLeast: 1)]),
        about: "In place of seed: a run with each of them, as 1..10 or [1, 5, 9], and a report over all."),
      Key(
        name: "clock", kind: .object(clock), about: "Event time: when it starts, how long it runs, how fast."),
      Key(
        name: "broker", kind: .form(.broker),
        about:
          "A foreign broker, as mqtt://host:port, or mqtts:// with TLS. By default the run starts its own."),
      Key(
        name: "mqtt", kind: .choice(["auto", "3.1.1", "5"]),
        about:
          "The version of MQTT that is spoken with the broker; auto is 5, and 3.1.1 where the broker does not take that. Default auto; 5 with a broker of the run's own."
      ),
      Key(
        name: "broker_access", kind: .object(brokerAccess),
        about: "Who we are to a foreign broker, and whom we trust."),
      Key(name: "publishing", kind: .object(publishing), about: "How the fleet connects."),
      Key(
        name: "fleet", kind: .list(.object(group), atLeast: 1), about: "Simulated devices, group by group."),
      Key(
        name: "replay", kind: .object(replay), about: "Recordings to publish in place of a simulated fleet."),
      Key(
        name: "capacity", kind: .object(capacity),
        about: "The load climbs step by step until broker or ingestion give, and the run says where."),
      Key(name: "ingestion", kind: .object(ingestion), about: "Windows and lateness."),
      Key(name: "model", kind: .object(model), about: "The one-class SVMs and what they learn from."),
      Key(
        name: "endpoint", kind: .text,
        about:
          "An endpoint file, relative to this one: its default deployment scores, in place of one-class SVMs as “model” says them."
      ),
      Key(
        name: "compare", kind: .list(.text, atLeast: 2, isUnique: true),
        about: "Deployments of the endpoint that score the same windows, side by side."),
      Key(name: "scoring", kind: .object(scoring), about: "When the scheduled batch job scores, and where."),
      Key(name: "compute", kind: .object(compute), about: "The compute targets."),
      Key(
        name: "clusters", kind: .object(clusters),
        about: "Throughput and cost on other cluster sizes, from the windows of this run."),
      Key(
        name: "serving", kind: .object(serving),
        about: "A scoring service: put under load when the jobs are over, or asked by the stream."),
      Key(
        name: "stream_scoring", kind: .object(streamScoring),
        about: "Windows go through the scoring service as they close."),
      Key(name: "faults", kind: .list(.object(fault)), about: "What breaks, and when."),
      Key(
        name: "expect", kind: .any([.choice([noExpectation]), .list(.text)]),
        about:
          "What the report must say, such as readings.lost == 0 or detection.recall >= 0.9; or none, where the point is to look."
      ),
    ], exactlyOneOf: [["fleet", "replay"]], atMostOneOf: [["seed", "seeds"]], needs: [("compare", "endpoint")]
  )

  private static let seed = Kind.wholeNumber(minimum: 0, maximum: .max)

  /// What `expect` says in place of a list.
  package static let noExpectation = "none"

  static let leastRetainBytes = IngestionDefaults.leastRetainBytes

  /// `all`, `10%`, `3`, `pump-0007` or a list of names.
  static let chosenDevices = Kind.any([
    .share, .wholeNumber(minimum: 0), .form(.device), .list(.form(.device)),
  ])

  static func underscored(_ names: [String]) -> [String] {
    names.filter { $0.contains("-") }.map { $0.replacing("-", with: "_") }
  }

  static let publishing = Mapping(
    name: "publishing",
    keys: [
      Key(
        name: "connection_rate", kind: .positiveNumber,
        about: "Connections made a second. Default: as many as can be."),
      Key(
        name: "processes", kind: .wholeNumber(minimum: 1),
        about: "Processes that share the connections. Default: as many as their file descriptors ask for."),
    ])

  static let brokerAccess = Mapping(
    name: "broker_access",
    keys: [
      Key(name: "username", kind: .text, about: "The name to log in with."),
      Key(
        name: "password_file", kind: .text,
        about: "A file whose first line is the password, relative to this one."),
      Key(
        name: "ca_file", kind: .text,
        about: "Certificates of the authorities that are trusted, PEM. Default: those of the machine."),
      Key(name: "cert_file", kind: .text, about: "Our own certificate, PEM, where the broker asks for one."),
      Key(name: "key_file", kind: .text, about: "The key of our certificate, PEM."),
    ])

  static let clock = Mapping(
    name: "clock",
    keys: [
      Key(
        name: "start", kind: .instant,
        about:
          "ISO 8601; without a zone it is UTC. Default 2026-01-01T00:00:00Z; for a recording, its first row."),
      Key(
        name: "duration", kind: .duration,
        about: "Such as 24h. Required for a fleet; for a recording, its length."),
      Key(
        name: "speed", kind: .form(.speed),
        about: "real, x60 (sixty times real) or max (as fast as the pipeline carries it). Default max."),
    ])

  static let ingestion = Mapping(
    name: "ingestion",
    keys: [
      Key(
        name: "window", kind: .any([.duration, .choice(["snapshot"])]),
        about: "The length of the windows; snapshot for windows of one instant. Default 5m."),
      Key(
        name: "hop", kind: .duration,
        about: "From the start of one window to that of the next. Default: the window's length."),
      Key(
        name: "session_gap", kind: .duration,
        about:
          "Session windows: the silence of a device that ends one; window is then where long ones are cut."),
      Key(
        name: "out_of_orderness", kind: .durationOrNone,
        about: "How far a device's readings may be out of order. Default 30s."),
      Key(
        name: "allowed_lateness", kind: .durationOrNone,
        about: "How long after it closed a window can still be revised. Default 5m."),
      Key(
        name: "late_policy", kind: .choice(LatePolicy.allCases.map(\.rawValue)),
        about: "What becomes of later readings: keep (apart), drop (counted) or adjust (moved). Default keep."
      ),
      Key(
        name: "idle_after", kind: .duration,
        about:
          "How far behind the fleet's time a device may be before nobody waits for it. Default 1h."),
      Key(
        name: "future_limit", kind: .any([.duration, .choice(["off"])]),
        about: "How far ahead of every clock a time may lie; readings beyond it are rejected. Default 48h."),
      Key(
        name: "retain", kind: .duration,
        about: "How much event time behind the fleet's time is kept. Default: everything."),
      Key(
        name: "retain_bytes",
        kind: .any([.wholeNumber(minimum: leastRetainBytes, maximum: Schema.mostBytes), .form(.size)]),
        about: "How large the store may become, such as 500MB. Default: as large as it likes."),
      Key(
        name: "payload", kind: .any([.text, .object(PayloadSchema.mapping)]),
        about:
          "How payloads are read that are not Sonde's own: a mapping, a preset such as tasmota, a file relative to this one, or sparkplug."
      ),
    ], atMostOneOf: [["hop", "session_gap"]])

  static let model = Mapping(
    name: "model",
    keys: [
      Key(
        name: "per", kind: .choice(granularities),
        about: "A model a device, or a device and sensor. Default device."),
      Key(
        name: "features", kind: .list(.choice(features), atLeast: 1, isUnique: true),
        about: "The aggregates of a window that a model sees. Default mean, stddev, min, max."),
      Key(
        name: "nu", kind: .number(.nu),
        about: "Upper bound of the share of training windows outside. Default 0.01."),
      Key(
        name: "gamma", kind: .any([.choice(gammas), .positiveNumber]),
        about: "scale, auto or a number. Default scale."),
      Key(name: "kernel", kind: .choice(kernels), about: "Default rbf."),
      Key(
        name: "threshold", kind: .any([.choice(thresholds), .number()]),
        about:
          "Where the boundary is drawn: training (through the outermost training windows, as LIBSVM does), cross_validated (lowered until windows held out of training are inside: fewer false alarms where training windows are few), or a number of the table of sonde thresholds: the decision value, counted from the boundary of training, at or below which a window is an anomaly (negative: fewer alarms). Default training."
      ),
      Key(
        name: "train_on", kind: .span, about: "The part of the clock it learns from, such as [0h, 12h].",
        isRequired: true),
    ])

  static let scoring = Mapping(
    name: "scoring",
    keys: [
      Key(
        name: "from", kind: .durationOrNone,
        about: "Windows from here on are scored. Default: the end of train_on."
      ),
      Key(
        name: "cron", kind: .text,
        about: "When jobs start, in event time and UTC: minute hour day month weekday."),
      Key(name: "every", kind: .duration, about: "Or: a job each time this has passed."),
      Key(
        name: "mini_batch_size", kind: .any([.choice(["auto"]), .wholeNumber(MiniBatchSize.leastDevices)]),
        about: "Devices a task, or auto. Default auto."),
      Key(
        name: "error_threshold", kind: .wholeNumber(Deployment.leastErrorThreshold),
        about: "How many rows may fail before a job is ended as failed; -1, the default, for any number."),
      Key(name: "retry_settings", kind: .object(retrySettings), about: "What becomes of a task that fails."),
      Key(name: "compute", kind: .choice(computeTargets), about: "The compute target. Default local."),
    ], exactlyOneOf: [["cron", "every"]])

  static let retrySettings = Mapping(
    name: "retry_settings",
    keys: [
      Key(
        name: "max_retries", kind: .wholeNumber(RetrySettings.leastRetries),
        about: "How often a failed task is tried again. Default 3."),
      Key(name: "timeout", kind: .duration, about: "How long one attempt may take. Default 30s."),
    ])

  static let compute = Mapping(
    name: "compute",
    keys: [
      Key(
        name: "local", kind: .object(computeTarget("local")), about: "Worker processes on this machine."),
      Key(
        name: "slurm", kind: .object(computeTarget("slurm")),
        about: "Job arrays of a Slurm cluster that sees the run's folder."),
    ])

  /// The size of a compute target.
  static func computeTarget(_ name: String) -> Mapping {
    Mapping(
      name: name,
      keys: [
        Key(
          name: "nodes", kind: .wholeNumber(ComputeSettings.leastNodes), about: "How many nodes. Default 2."),
        Key(
          name: "cores_per_node", kind: .wholeNumber(ComputeSettings.leastCoresPerNode),
          about: "Tasks a node runs at a time. Default 1."),
        Key(
          name: "max_instances", kind: .wholeNumber(ComputeSettings.leastNodes),
          about: "In place of nodes: the target scales, and this is the most nodes at a time."),
        Key(
          name: "min_instances", kind: .wholeNumber(ComputeSettings.leastInstances),
          about: "Nodes that stay without work, where the target scales. Default 0."),
        Key(
          name: "idle_time_before_scale_down", kind: .durationOrNone,
          about: "How long a node without work stays, where the target scales. Default 120s."),
      ], atMostOneOf: [["nodes", "max_instances"]],
      needs: [("min_instances", "max_instances"), ("idle_time_before_scale_down", "max_instances")])
  }
}
