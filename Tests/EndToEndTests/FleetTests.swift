import Files
import Foundation
import MQTT
import Supervision
import TestSupport
import Testing

/// Fleets of every make, on real brokers.
@Suite(.serialized) struct FleetTests {
  /// Pumps of four instants a minute.
  private func scenario(_ group: String, more: String = "", minutes: Int = 60, devices: Int = 6) -> String {
    """
    name: fleet
    seed: 7
    clock: { duration: \(minutes)m, speed: max }
    fleet:
      - device: pump
        count: \(devices)
        every: 15s
        sensors:
          temperature: { unit: Cel, signal: [{ sine: { offset: 60, amplitude: 4, period: 6h } }, { noise: { stddev: 0.5 } }] }
          flow: { unit: m3/s, signal: [{ noise: { stddev: 1 } }] }
    \(group.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
    \(more)
    """
  }

  private static let wholeness = """
    ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 5m }
    expect: [readings.lost == 0, readings.doubled == 0, windows.mismatched == 0, readings.late == 0]
    """

  private func write(_ text: String, _ folder: String) throws -> String {
    let path = "\(folder)/scenario.yaml"
    try AtomicFile.write(text, to: path, existing: .replace)
    return path
  }

  @Test(arguments: [
    "jitter: 40%\nstages: [{ ramp: 100%, for: 20m }, { hold: 20m }, { burst: 300%, for: 10m }]",
    "batch: 4\npublish: { payload: senml }",
    "gateways: 2\nbatch: 3\npublish: { payload: senml, topic: 'site/${gateway}/${device}/data', qos: 2 }",
    "publish: { qos: 2, mqtt: 3.1.1 }", "publish: { mqtt: 3.1.1, retain: true }",
    "publish: { template: '{\"values\": ${values}, \"ts\": ${ts}, \"device\": \"${device}\", \"by\": \"a template\"}' }",
    "gateways: 3\npublish: { birth: { topic: 'state/${gateway}', payload: on }, will: { topic: 'state/${gateway}', payload: off } }\n"
      + "transport: [{ kind: flapping, between: [10m, 50m], share: 5% }]",
  ])
  func whatAFleetPublishesArrivesWhole(group: String) async throws {
    try await withTemporaryFolder { folder in
      let file = try write(scenario(group, more: Self.wholeness), folder)
      let outcome = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(group)\n\(outcome.output)\n\(outcome.errors)")
    }
  }

  @Test(arguments: [
    ("publish: { template: '${values.flow}' }", "ingestion cannot read"),
    ("publish: { template: '${values.flo}' }", "did you mean “values.flow”?"),
    (
      "publish: { template: '{\"device\":\"${device}\",\"ts\":${ts},\"values\":{\"flow\":1}}' }",
      "something else"
    ),
    ("publish: { topic: 'a/b/${device}' }", "ingestion cannot read"),
    ("publish: { topic: 'a/${devise}/b' }", "did you mean “device”?"),
    ("publish: { topic: 'a/+/b' }", "no +, #"),
    ("publish: { topic: 'a/${gateway}/b' }", "no gateways"), ("batch: 3", "one instant"),
    ("gateways: 2\npublish: { will: { topic: 'x/${device}' } }", "which is a gateway"),
    ("publish: { birth: { topic: 'devices/${device}/telemetry' } }", "the same topics"),
    (
      "publish: { payload: senml }\nanomalies: [{ kind: clock-skew, at: 10m, for: 10m, severity: 60 }]",
      "sequence"
    ),
    ("publish: { qos: 3 }", "qos: expected 0, 1 or 2"), ("publish: { mqtt: 4 }", "3.1.1 or 5"),
    ("jitter: 95%", "at most 90%"), ("stages: [{ hold: 5m }]", "no level to hold"),
    ("stages: [{ ramp: 100% }]", "for is missing"), ("stages: [{ ramp: 100%, step: 50%, for: 5m }]", "ramp"),
    ("stages: [{ ramp: -5%, for: 5m }]", "a level such as 150%"),
  ])
  func whatCannotBeIsRefusedWhereItIsWritten(group: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      let file = try write(scenario(group, more: Self.wholeness), folder)
      let outcome = try await SondeProgram.run(["validate", file])
      #expect(outcome.status == 64)
      #expect(
        outcome.errors.contains(reason) && outcome.errors.contains("\(file):"), "\(group): \(outcome.errors)")
    }
  }

  /// Payloads that only a foreign pipeline reads are published, and not run.
  @Test func aForeignFormatIsSimulatedAndNotRun() async throws {
    try await withTemporaryFolder { folder in
      let file = try write(
        scenario("publish: { template: '${device},${time},${values.flow}', topic: 'raw/${group}' }"), folder)
      let run = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(run.status == 64 && run.errors.contains("ingestion cannot read"), "\(run.errors)")
      try await withBroker(in: folder) { broker in
        let listener = try CommitGatedConsumer(
          address: broker, clientID: "listener", filter: "raw/+", sessionExpiry: .seconds(60))
        let outcome = try await SondeProgram.run(["simulate", file, "--broker", "\(broker)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try received(listener, count: 6 * 240)
        #expect(
          lines.allSatisfy { $0.wholeMatch(of: /raw\/pump pump-000[1-6],2026-01-01T00:.*Z,-?[0-9.]+/) != nil }
        )
      }
    }
  }

  /// Everything that arrives until `count` lines are there, as topic, space and payload.
  private func received(_ listener: CommitGatedConsumer, count: Int) throws -> [String] {
    var lines: [String] = []
    let deadline = ContinuousClock.now + .seconds(600)
    while lines.count < count, ContinuousClock.now < deadline {
      try listener.receive(limit: 5000, byteLimit: .max, within: .milliseconds(100))
      listener.batch.forEachMessage { topic, payload, _ in
        lines.append(String(decoding: topic, as: UTF8.self) + " " + String(decoding: payload, as: UTF8.self))
      }
      try listener.acknowledge()
    }
    #expect(lines.count == count)
    return lines
  }

  @Test func birthsAndWillsAreSaidOfEachConnection() async throws {
    try await withTemporaryFolder { folder in
      let file = try write(
        scenario(
          "publish: { birth: { topic: 'state/${device}', payload: '${device} up' }, will: { topic: 'state/${device}', payload: '${device} down' } }\n"
            + "transport: [{ kind: reconnect-storm, between: [20m, 30m] }]"), folder)
      try await withBroker(in: folder) { broker in
        let listener = try CommitGatedConsumer(
          address: broker, clientID: "listener", filter: "state/+", sessionExpiry: .seconds(60))
        let outcome = try await SondeProgram.run(["simulate", file, "--broker", "\(broker)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\"births\" : 12") && outcome.output.contains("\"reconnects\" : 6"))
        let lines = try received(listener, count: 18)
        for device in (1...6).map({ "pump-000\($0)" }) {
          #expect(lines.count { $0 == "state/\(device) \(device) up" } == 2)
          #expect(lines.count { $0 == "state/\(device) \(device) down" } == 1)
        }
      }
    }
  }

  /// What arrives at a listener is what was planned, whatever the number of processes, and whether or not one of those who
  /// listen is killed half-way.
  @Test(arguments: [1, 2, 5]) func processesPublishWhatWasPlanned(processes: Int) async throws {
    try await withTemporaryFolder { folder in
      let file = try write(
        scenario(
          "jitter: 30%\nanomalies: [{ kind: mean, sensor: flow, devices: 50%, between: [10m, 50m], for: 5m }]"
        ), folder)
      let plan = try await SondeProgram.run([
        "simulate", file, "--plan-only", "--output", "\(folder)/plan", "--labels", "\(folder)/labels.csv",
      ])
      #expect(plan.status == 0, "\(plan.errors)")
      let planned = try TextFile.text(of: "\(folder)/plan").split(separator: "\n").map(String.init)
      try await withBroker(in: folder) { broker in
        let listener = try CommitGatedConsumer(
          address: broker, clientID: "listener", filter: "devices/+/telemetry", sessionExpiry: .seconds(60))
        let outcome = try await SondeProgram.run([
          "simulate", file, "--broker", "\(broker)", "--processes", "\(processes)", "--clock", "max",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\"processes\" : \(processes)"))
        #expect(outcome.output.contains("\"connections\" : 6"))
        let lines = try received(listener, count: planned.count)
        #expect(lines.sorted() == planned.sorted())
      }
    }
  }

  @Test func aRunIsTheSameWithAnyNumberOfProcessesAndWhenKilled() async throws {
    try await withTemporaryFolder { folder in
      var outcomes: [[String]] = []
      for (processes, kill) in [(1, false), (2, true), (5, false), (5, true)] {
        let out = "\(folder)/run-\(processes)-\(kill)"
        let file = try write(
          scenario(
            "batch: 1\nanomalies: [{ kind: mean, sensor: flow, devices: 50%, between: [10m, 100m], for: 5m }]",
            more: Self.wholeness + "\npublishing: { processes: \(processes) }\n"
              + (kill ? "faults: [{ at: 1h, kill: ingestion }]" : ""), minutes: 120), folder)
        let outcome = try await SondeProgram.run(["run", file, "--out", out])
        #expect(outcome.status == 0, "\(processes) \(kill): \(outcome.output)\n\(outcome.errors)")
        let plan = try await SondeProgram.run(["simulate", file, "--plan-only"])
        outcomes.append(
          try Remains(of: out).windows + [plan.output, Digest.sha256(file: "\(out)/labels.csv")])
      }
      #expect(Set(outcomes).count == 1)
    }
  }

  @Test func aProcessOfTheFleetThatFailsEndsTheFleet() async throws {
    try await withTemporaryFolder { folder in
      let file = try write(scenario("batch: 1"), folder)
      let outcome = try await SondeProgram.run([
        "simulate", file, "--broker", "mqtt://127.0.0.1:1", "--processes", "3",
      ])
      #expect(outcome.status == 69 && outcome.errors.contains("no broker answers"), "\(outcome.errors)")
    }
  }

  @Test(
    .enabled(
      if: ForeignBroker.missingProgram == nil, "mosquitto, mosquitto_passwd and openssl are not all installed"
    ))
  func aStockBrokerWithTLSAndPasswordsIsServed() async throws {
    try await withTemporaryFolder { folder in
      try await withForeignBroker(in: folder) { broker in
        // As an editor on Windows would leave it: a byte order mark before, a carriage return behind.
        try "\u{FEFF}correct horse\r\n".write(
          toFile: "\(folder)/marked-password", atomically: true, encoding: .utf8)
        let access = [
          "--username", ForeignBroker.username, "--password-file", "\(folder)/marked-password", "--ca-file",
          "\(folder)/ca.pem",
        ]
        for group in ["batch: 1", "publish: { mqtt: 3.1.1, qos: 2 }", "gateways: 2\npublish: { qos: 0 }"] {
          let file = try write(scenario(group), folder)
          let outcome = try await SondeProgram.run(
            ["simulate", file, "--broker", "\(broker.address)"] + access)
          #expect(outcome.status == 0, "\(group): \(outcome.errors)")
          #expect(outcome.output.contains("\"published\" : 1440"))
          let counted = group.contains("qos: 0") ? "unconfirmed" : "acknowledged"
          #expect(outcome.output.contains("\"\(counted)\" : 1440"), "\(group): \(outcome.output)")
        }
        // The whole pipeline over TLS, with several processes.
        let run = try write(
          scenario(
            "batch: 1",
            more: Self.wholeness + """

              publishing: { processes: 2, connection_rate: 200 }
              broker: \(broker.address)
              broker_access: { username: \(ForeignBroker.username), password_file: password, ca_file: ca.pem }
              """), folder)
        let outcome = try await SondeProgram.run(["run", run, "--out", "\(folder)/run"])
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        // Nobody gets in who should not, and no other broker is taken for it.
        try AtomicFile.write("wrong\n", to: "\(folder)/wrong")
        let attempts: [([String], String)] = [
          ([], "refused|TLS|certificate|broke"),
          (["--ca-file", "\(folder)/ca.pem"], "refused.*(authori|credential)"),
          (
            ["--ca-file", "\(folder)/ca.pem", "--username", "sonde", "--password-file", "\(folder)/wrong"],
            "refused"
          ),
          (["--username", "sonde", "--password-file", "\(folder)/absent"], "cannot be read"),
          (["--ca-file", "\(folder)/absent"], "TLS"),
        ]
        for (arguments, reason) in attempts {
          let outcome = try await SondeProgram.run(
            [
              "simulate", run, "--processes", "1", "--set", "broker_access={}", "--broker",
              "\(broker.address)",
            ] + arguments)
          #expect(outcome.status == 69, "\(arguments): \(outcome.errors)")
          #expect(try outcome.errors.contains(Regex(reason)), "\(arguments): \(outcome.errors)")
        }
      }
    }
  }

  @Test func optionsThatDoNotGoTogetherAreRefused() async throws {
    for arguments in [
      ["--password-file", "x"], ["--cert-file", "x", "--ca-file", "y"], ["--ca-file", "x"],
      ["--processes", "0"],
      ["--connection-rate", "0"],
    ] {
      let outcome = try await SondeProgram.run(
        ["simulate", "Scenarios/quickstart.yaml", "--broker", "mqtt://127.0.0.1:1"] + arguments)
      #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
    }
  }
}

/// Beside the others, because a broker that has gone is waited for.
@Suite struct LostBrokerTests {
  /// A scenario that only publishes, to a broker that goes for good.
  @Test(arguments: [1, 3]) func whatWasPublishedIsToldWhenTheBrokerHasGone(processes: Int) async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/scenario.yaml"
      try """
      name: short
      clock: { duration: 1h }
      fleet:
        - { device: pump, count: 6, every: 15s, sensors: { flow: { unit: m3/s, signal: [{ noise: { stddev: 1 } }] } } }
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let broker = try await EmbeddedBroker.start(folder: folder, log: "\(folder)/broker.log")
      let simulation = try await Service.start(
        name: "simulate", executable: SondeProgram.path,
        arguments: [
          "simulate", file, "--broker", "\(broker.address)", "--clock", "real", "--processes", "\(processes)",
        ],
        log: "\(folder)/simulate.err")
      // All are connected, and have most of an hour before them.
      func connected() -> Int {
        let log = (try? TextFile.text(of: "\(folder)/broker.log")) ?? ""
        return log.matches(of: /New client connected/).count
      }
      try await waitUntil("six devices are connected") { connected() >= 6 }
      #expect(connected() == 6)
      await broker.stop()
      var output = ""
      for await line in simulation.lines { output += line + "\n" }
      #expect(try await simulation.exit() == .exited(code: 69))
      struct Ledger: Decodable { var planned, published, processes: Int }
      let ledger = try JSONDecoder().decode(Ledger.self, from: Data(output.utf8))
      #expect(ledger.planned == 1440)
      #expect(ledger.published < 1440)
      #expect(ledger.processes == processes)
    }
  }
}
