import Documents
import Files
import Foundation
import Scenario
import Telemetry
import TestSupport
import Testing

/// `scenario.schema.json` and the decoder come from one table. Whether they agree is asked of thousands of documents, sound
/// ones and ones with a value changed; the schema is judged by a validator that knows nothing of the table.
@Suite struct SchemaAgreementTests {
  /// What a sweep of cluster sizes varies, and one size.
  private static let axes = """
    "nodes": [1, 2], "cores_per_node": 1, "min_instances": [0], "mini_batch_size": ["auto", 5], "vm_size": ["Standard_D2s_v5"],
    "tier": "dedicated", "region": "eastus"
    """
  private static let size = """
    "nodes": 2, "cores_per_node": 1, "min_instances": 0, "mini_batch_size": 5, "vm_size": "Standard_D2s_v5",
    "tier": "spot", "region": "eastus"
    """

  /// A payload mapping that has every key.
  private static let plant = """
    { "name": "plant", "about": "All keys", "messages": [
      { "topic": "devices/{device}/log", "ignore": true, "where": { "kind": "log*", "level": 5 } },
      { "topic": ["devices/{device}/telemetry", "plant/{device}"], "format": "json", "names": { "site": "$.site", "unit": ["u", "/v/w"] },
        "device": "{device}", "time": { "path": ["ts", "$.ts"], "unit": "ms", "otherwise": "arrival" }, "epoch": "epoch",
        "sequence": "seq", "values": ["values", { "path": "more.*", "sensor": "{name}[.{unit}]", "separator": "", "drop_prefix": "x",
          "texts": "number", "booleans": "number", "lists": "leave_out", "enumeration": { "high": 1.5 } }],
        "sensor": "{name}", "separator": ".", "drop_prefix": "value_", "leave_out": ["device", "**.id"], "without_values": "ignore",
        "texts": "number_or_leave_out", "booleans": "leave_out", "lists": "number", "enumeration": { "ON": 1, "none": null } },
      { "topic": "readings/{device}", "records": "r.*", "time": { "path": "t", "unit": "iso8601", "zone": "+01:00" } },
      { "topic": "other/{device}", "time": "arrival" }] }
    """

  /// Documents that have, together, every key of the table.
  static let documents: [JSONValue] = [
    """
    { "name": "full", "about": "Everything", "seed": 7, "broker": "mqtts://h:1", "broker_access": { "username": "u",
      "password_file": "p", "ca_file": "c", "cert_file": "d", "key_file": "k" },
      "publishing": { "connection_rate": 10, "processes": 2 },
      "clock": { "start": "2026-01-01T00:00:00Z", "duration": "2h", "speed": "x60" },
      "fleet": [{ "device": "pump", "count": 2, "every": "10s", "jitter": "20%",
        "stages": [{ "ramp": "100%", "for": "10m" }, { "hold": "5m" }, { "step": "50%", "for": "5m" },
          { "burst": "150%", "for": "1m" }],
        "batch": 2, "gateways": 1,
        "publish": { "payload": "senml", "topic": "a/${device}/t", "qos": 1, "retain": true, "mqtt": 5,
          "birth": { "topic": "b/${gateway}", "payload": "on", "retain": false }, "will": { "topic": "w/${gateway}", "payload": "gone",
            "retain": true } },
        "transport": [{ "kind": "reordering", "devices": "50%", "between": ["10m", "50m"], "for": "5m", "share": "20%",
          "by": "20s" }],
        "sensors": {
          "temperature": { "unit": "Cel", "resolution": 0.5, "signal": [{ "constant": { "value": [1, 2] } },
            { "sine": { "offset": 60, "amplitude": 4, "period": "1h", "phase": 0.5 } },
            { "square": { "offset": 1, "amplitude": 1, "period": ["1h", "2h"], "phase": 0, "duty": 0.3 } },
            { "sawtooth": { "offset": 1, "amplitude": 1, "period": "1h", "phase": 0 } },
            { "ecg": { "offset": 1, "amplitude": 1, "period": "1h", "phase": 0 } },
            { "diurnal": { "offset": 1, "amplitude": 1, "peak": "0s" } }, { "weekly": { "levels": [1, 1, 1, 1, 1, 0, [0, 1]] } },
            { "random_walk": { "per_hour": 0, "memory": "1h" } },
            { "polynomial": { "coefficients": [1, 2], "unit": "1h" } }, { "trend": { "per_day": -1 } },
            { "noise": { "stddev": 0.5, "distribution": "uniform" } },
            { "states": [{ "name": "off", "level": 0, "dwell": "1h" }, { "name": "on", "level": 1, "dwell": "1h" }] },
            { "sum": [{ "constant": { "value": 1 } }] }, { "product": [{ "constant": { "value": 1 } }] },
            { "clamp": { "min": 0, "max": 100, "of": [{ "constant": { "value": 1 } }] } },
            { "delay": { "by": "1m", "of": [{ "constant": { "value": 1 } }] } }] },
          "pressure": { "signal": [{ "follow": { "sensor": "temperature", "offset": 1, "gain": 2, "lag": "0s" } }] } },
        "anomalies": [
          { "kind": "mean", "sensor": "temperature", "devices": 1, "between": ["70m", "110m"], "for": "5m", "severity": 6,
            "count": 1, "allow_overlap": true },
          { "kind": "stuck-at", "sensor": "pressure", "devices": ["pump-0001"], "at": "0s", "for": "5m" },
          { "kind": "spike", "sensor": "pressure", "devices": "all", "between": ["70m", "110m"], "per_day": 1.5 }] }],
      "ingestion": { "window": "5m", "hop": "5m", "out_of_orderness": "0s", "allowed_lateness": "5m", "late_policy": "drop",
        "idle_after": "1h", "future_limit": "off", "retain": "12h", "retain_bytes": "500MB" },
      "model": { "per": "device", "features": ["mean", "max"], "nu": 0.05, "gamma": 0.5, "kernel": "rbf",
        "threshold": "training", "train_on": ["0h", "1h"] },
      "scoring": { "from": "1h", "cron": "0 * * * *", "mini_batch_size": 5, "error_threshold": -1,
        "retry_settings": { "max_retries": 0, "timeout": "30s" }, "compute": "slurm" },
      "compute": { "local": { "nodes": 2, "cores_per_node": 1 },
        "slurm": { "max_instances": 3, "min_instances": 0, "idle_time_before_scale_down": "0s", "cores_per_node": 1 } },
      "clusters": { "measure": { "matrix": { \(axes) }, "exclude": [{ \(size) }], "include": [{ \(size) }], \(axes),
          "repeats": 3, "hold_out": [{ \(size) }], "target": "local" },
        "paced": { "matrix": { \(axes) }, "exclude": [{ \(size) }], "include": [{ \(size) }], \(axes) },
        "simulate": { "matrix": { \(axes) }, "exclude": [{ \(size) }], "include": [{ \(size) }], \(axes) },
        "task": { "overhead": "2.3s", "per_row": "40us", "first_task": "15ms" }, "schedule": { "every": "1h", "for": "30d" },
        "region": "eastus", "prices": "prices.csv", "billing": "azure", "start_up": "azure", "never_up": "1%", "preemption": "gcp",
        "stragglers": { "share": "2%", "factor": 3 }, "dispatch": "deal", "idle_time_before_scale_down": "0s", "deadline": "15m" },
      "expect": ["readings.lost == 0"] }
    """,
    """
    { "name": "faulted", "mqtt": "3.1.1", "clock": { "duration": "2h", "speed": "max" },
      "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "publish": { "template": "{\\"t\\": ${values.t}, \\"at\\": ${ts}}", "qos": "0", "mqtt": "3.1.1" },
        "sensors": { "t": { "signal": [{ "recorded": { "file": "r.csv", "column": "c", "delimiter": ";", "every": "1m",
          "phase": 0 } }] } } }],
      "ingestion": { "window": "10m", "session_gap": "5m", "retain_bytes": 64000000, "future_limit": "48h" },
      "faults": [{ "at": "0s", "kill": "broker", "saved": true }, { "at": "1m", "pause": "ingestion", "for": "1s" },
        { "at": "1m", "cut": "fleet", "for": "1s" }, { "at": "1m", "power_cut": "ingestion" },
        { "at": "1m", "disk_full": "store", "for": "1s" }, { "at": "1m", "lock": "store", "for": "1s" },
        { "at": "1m", "clock_step": "ingestion", "by": "-1h" }, { "random": 2, "between": ["10m", "50m"] }] }
    """,
    """
    { "name": "wide", "seeds": [1, "3..5"], "clock": { "start": "2026-01-01", "duration": "1h" },
      "replay": { "files": "a.csv", "delimiter": "tab", "time": { "column": "t", "format": "iso8601" }, "device": "d",
        "sensors": ["a", "b"], "exclude": ["x"], "label_columns": ["l"], "label_windows": { "file": "w.json", "key": "k" } },
      "ingestion": { "window": "snapshot" },
      "model": { "gamma": "scale", "threshold": -0.0125, "train_on": ["0h", "30m"] },
      "scoring": { "every": "10m", "mini_batch_size": "auto" }, "expect": "none",
      "compute": { "local": { "max_instances": 3, "min_instances": 0, "idle_time_before_scale_down": "10s" },
        "slurm": { "nodes": 2 } } }
    """,
    """
    { "name": "climb", "clock": { "start": "2026-01-01", "speed": "real" },
      "fleet": [{ "device": "d", "count": 3, "every": "1s", "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "capacity": { "from": "150%", "ratio": 1.25, "steps": 4, "for": "5s", "rest": "1s", "latency": "250ms" },
      "ingestion": { "window": "2s" } }
    """,
    """
    { "name": "compared", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "model": { "train_on": ["0h", "1h"] }, "scoring": { "every": "1h" }, "endpoint": "e.yaml", "compare": ["blue", "green"] }
    """,
    """
    { "name": "served", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "model": { "train_on": ["0h", "1h"] }, "scoring": { "every": "1h" },
      "serving": { "endpoint": "e.yaml", "replicas": [1, 2], "threads": 2, "queue": 10,
        "load": { "row_rate": 1000, "for": "5s", "arrivals": "even", "rows": [1, 10], "protocol": "oip", "binary": true,
          "connections": 8, "timeout": "1s" } } }
    """,
    """
    { "name": "scaled", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "serving": { "min_instances": 1, "max_instances": 3, "load": { "stages": [{ "rate": 10, "for": "5s" }], "features": 3 } } }
    """,
    """
    { "name": "asked", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "serving": { "replicas": 1, "load": { "rate": 10.5, "rows": 1, "body": "q.json" } } }
    """,
    """
    { "name": "streamed", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "model": { "train_on": ["0h", "1h"] }, "scoring": { "every": "1h" }, "serving": { "replicas": 2, "queue": 10 },
      "stream_scoring": { "max_batch_count": 100, "parallel_requests": 2, "fatal_codes": 2020 },
      "faults": [{ "at": "70m", "kill": "stream", "for": "1s" }, { "at": "80m", "kill": "replica" }, { "at": "90m", "kill": "haproxy" },
        { "at": "95m", "pause": "replica", "for": "1s" }, { "at": "100m", "cut": "stream" }] }
    """,
    """
    { "name": "asking", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "serving": { "endpoint": "e.yaml" }, "stream_scoring": { "fatal_codes": "2022" } }
    """,
    """
    { "name": "mapped", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "publish": { "payload": \(plant) }, "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "ingestion": { "payload": \(plant) } }
    """,
    """
    { "name": "preset", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 1, "every": "1m",
        "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }], "ingestion": { "payload": "tasmota" } }
    """,
    """
    { "name": "sparkplug", "clock": { "duration": "2h" }, "fleet": [{ "device": "d", "count": 2, "every": "1m", "gateways": 1,
        "publish": { "payload": "sparkplug" }, "sensors": { "t": { "signal": [{ "constant": { "value": 1 } }] } } }],
      "ingestion": { "payload": "sparkplug" } }
    """,
    """
    { "name": "long", "replay": { "files": ["a.csv", "b.csv"], "device_column": "d", "sensor_column": "s",
      "value_column": "v" } }
    """,
  ].map { text in
    // Text of this file, so that a slip in it is a fault of the test.
    (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null
  }

  @Test func theDocumentsHaveEveryKey() throws {
    let found = Set(Self.documents.flatMap { GeneratedDocument.paths($0).map(GeneratedDocument.pattern) })
    let missing = ScenarioSchema.paths.filter { !found.contains($0) }
    #expect(missing.isEmpty)
    let schema = try JSONSchemaSubset(ScenarioSchema.json())
    for document in Self.documents { #expect(try schema.isValid(document)) }
  }

  /// Why a document is refused that the schema takes: it depends on several values, on files, or on a grammar of its own.
  static let reasonsOfTheDecoderAlone = [
    // Several values.
    "the clock ends at", "a fleet needs clock", "nothing would be published", "does not fit between",
    "there is no sensor",
    "hits every message", "only reordering puts", "hits a sensor; name it", "devices were asked for",
    "has no device",
    "has no strength", "severity: expected", "with from before to", "[low, high]", "[shortest, longest]",
    "below min",
    "there is no broker to log in to", "broker_access:", "without “scoring”", "scoring needs a “model”",
    "inside train_on",
    "shorter than", "longer than", "not a whole number of windows", "would be in more than",
    "more than max_instances",
    "there are no gateways", "a connection, which is a gateway", "a canonical payload carries one instant",
    "there is no level to hold", "hold has its time already", "for is missing", "needs “at”", "needs “for”",
    "needs “by”",
    "needs “between”", "does not last", "random faults draw", "only random has", "only clock_step",
    "only a broker that",
    "at most 20s", "is not ours to break", "leave “scoring” out", "of “", "overlap", "does not fit",
    "no room",
    "is no unit of SenML", "cannot be placed", "ahead of this machine's clock", "the scenario has ",
    "fewer than",
    "has no sensor", "already", "follow", "more than", "at most", "cannot",
    "clusters needs", "nothing says what a task costs", "hold_out:", "no size is left", "no job would come",
    "there is no region", "there is no VM size", "has no price", "no price of", "from 1 to 10000",
    "from 0 to 10000",
    "seeds:", "write “paced”", "write “simulate”",
    "stream_scoring:", "only “stream_scoring” has", "leave “stream_scoring” out",
    "one service scores the stream",
    "again by itself", "names no models", "(input: raw)",
    "with an “endpoint”",
    "serving:", "load:", "only oip has", "capacity:", "more often than every millisecond",
    // Payload mappings.
    "never takes a message", "a whole part of a path", "a shared subscription",
    "every entry is ignored", "have topics in common", "has other names than", "for payloads of JSON alone",
    "has a name; write *", "would all have the same number", "leads from the whole payload",
    "a path to the elements",
    "is there twice", "each line is a record", "a text has no", "a text is one value", "is no name;",
    "is the name of the value", "has no path", "which only topics", "the record itself is no text",
    "there is no name",
    "to be named by", "that is ignored has", "leave it out, or write true", "only times of iso8601",
    "no preset of payloads", "a sequence alone", "in Sonde's own form", "Sparkplug B says itself",
    "a payload of", "the mapping of the payload", "expected canonical, senml",
    // Fractions of a millisecond, a hundred years.
    "expected a duration", "seven numbers", "a size of at least", "expected mqtt://",
    // Files.
    "cannot read", "replay:", "file:",
    // Grammars.
    "cron", "(in “", "topic:", "template:", "there is no field", "jobs",
  ]

  @Test(arguments: [UInt64.random(in: 0 ..< .max), 1, 2])
  func schemaAndDecoderAgree(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "documents")
    let schema = try JSONSchemaSubset(ScenarioSchema.json())
    var others: [String: JSONValue] = [:]
    for document in Self.documents {
      for path in GeneratedDocument.paths(document) {
        others[GeneratedDocument.pattern(path)] = Self.value(document, path[...])
      }
    }
    var refused = 0
    let count = 1500
    for number in 0..<count {
      guard let base = Self.documents.randomElement(using: &random) else { return }
      var document = GeneratedDocument(base)
      document.change(&random, others: others)
      let isValid = try schema.isValid(document.value)
      let faults = Self.faults(document.yaml)
      let seen = faults.filter(\.isOfSchema)
      if !isValid { refused += 1 }
      #expect(
        isValid == seen.isEmpty,
        "seed \(seed), document \(number), \(document.change): the schema says \(isValid), the decoder \(faults)"
      )
      for fault in faults
      where isValid && !Self.reasonsOfTheDecoderAlone.contains(where: fault.description.contains) {
        Issue.record("seed \(seed), document \(number), \(document.change): an editor cannot see \(fault)")
      }
      for fault in faults {
        guard case .file(_, let line, let column) = fault.location else { continue }
        #expect(line == 1 && column >= 1 && column <= document.yaml.unicodeScalars.count)
      }
    }
    #expect(refused > count / 10 && refused < count, "seed \(seed)")
  }

  private static func value(_ document: JSONValue, _ path: ArraySlice<String>) -> JSONValue? {
    guard let step = path.first else { return document }
    let next =
      document.elements.flatMap { elements in Int(step).map { elements[$0] } } ?? document.members?[step]
    return next.flatMap { value($0, path.dropFirst()) }
  }

  private static func faults(_ yaml: String) -> [Diagnostic] {
    do {
      _ = try ScenarioDocument.parse(ScenarioText(path: "s.yaml", text: yaml))
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all
    } catch {
      Issue.record("\(error)")
      return []
    }
  }

  /// What YAML 1.1 makes of a word is taken too, since many editors and libraries still read it.
  @Test(arguments: [
    ("ingestion.future_limit=\"off\"", true), ("ingestion.future_limit=off", true),
    ("ingestion.future_limit=false", true),
    ("ingestion.future_limit=true", false), ("ingestion.window=\"snapshot\"", true),
    ("fleet[0].publish={qos: 1}", true),
    ("fleet[0].publish={qos: \"1\"}", true), ("fleet[0].publish={qos: 3}", false),
    ("fleet[0].publish={qos: 1.0}", true),
    ("fleet[0].publish={retain: True}", true), ("fleet[0].publish={retain: \"true\"}", false),
    ("fleet[0].publish={mqtt: 5}", true), ("fleet[0].count=2.0", true), ("fleet[0].count=0x2", true),
    ("fleet[0].count=1_0", false), ("fleet[0].count=\"2\"", false), ("fleet[0].count=.inf", false),
    ("fleet[0].count=.nan", false), ("model.nu=.nan", false), ("model.nu=.05", true),
    ("seed=18446744073709551615", true),
    ("seed=18446744073709551616", false), ("fleet[0].every=1e400h", false),
    ("ingestion.idle_after=1.5h", true),
    ("fleet[0].every=99999999999999999999999d", false), ("fleet[0].jitter=110%", false),
    ("fleet[0].jitter=-1%", false),
    ("clock.start=2026-01-01 00:00", true), ("clock.start=2026-01-01T00:00:00+24:00", false),
  ])
  func spellings(override: String, isSound: Bool) {
    let faults = Documents.faults(set: [override])
    #expect(faults.isEmpty == isSound, "\(faults)")
    #expect(faults.allSatisfy { $0.hasPrefix("--set ") })
  }
}
