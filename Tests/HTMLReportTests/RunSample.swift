import Files

/// What the files of a small run say: a run that has lost readings, without databases.
enum RunSample {
  static let report: JSONValue = .object([
    "scenario": .text("sample"), "verdict": .text("failed"), "reason": .null, "seed": .number(7),
    "elapsed_seconds": .number(12.4503),
    "readings": .object([
      "planned": .number(518_400), "published": .number(518_000), "acknowledged": .number(517_990),
      "stored": .number(516_900), "late": .number(1000), "rejected": .number(75), "duplicates": .number(1234),
      "lost": .number(25), "withheld": .number(400), "doubled": .number(0), "unaccounted": .number(0),
      "lost_at": .object(["planned": .number(0), "published": .number(10), "broker": .number(15)]),
    ]),
    "messages": .object(["planned": .number(172_800), "published": .number(172_700)]),
    "windows": .object([
      "expected": .number(17_220), "closed": .number(17_220), "revised": .number(56),
      "mismatched": .number(1),
      "mismatches": .array([.text("d-0001 a: mean 1, expected 2")]),
    ]),
    "scoring": .object([
      "predictions": .number(2860), "failed": .number(0), "windows_per_second": .number(4982.58),
    ]),
    "losses": .array(
      (0..<50).map {
        .object(["device": .text("d-0001"), "seq": .number(Double($0)), "last_seen": .text("broker")])
      }),
    "expectations": .array([
      expectation("readings.late < 2000", .number(1000), true),
      expectation("readings.lost == 0", .number(25), false),
      expectation("detection.recall >= 0.9", .number(0.89999999), false),
    ]),
  ])

  static let manifest: JSONValue = .object([
    "scenario": .object([
      "name": .text("sample"), "path": .text("sample.yaml"), "text": .text("name: sample\nseed: 7\n"),
      "overrides": .array([.text("fleet[0].count=4")]),
    ]),
    "versions": .object(["sonde": .text("0.1.0"), "sqlite": .text("3.40.1")]),
    "host": .object([
      "cores": .number(2), "memory_bytes": .number(25_276_502_016), "cpu": .text("a processor"),
    ]),
    "outputs": .object([
      "report.json": .text(String(repeating: "a", count: 64)), "models/m.model": .text("b"),
    ]),
  ])

  static func expectation(_ expression: String, _ actual: JSONValue, _ isHeld: Bool) -> JSONValue {
    .object([
      "expression": .text(expression), "actual": actual, "passed": .bool(isHeld),
      "explanation": isHeld ? .null : .text("it is \(actual)"),
    ])
  }

  /// The files, in a folder of this path.
  static func files(_ path: String, report: JSONValue = report, manifest: JSONValue? = manifest) throws
    -> RunFiles
  {
    let files = try RunFiles(path, report: report, manifest: manifest)
    try files.writeAccount()
    return files
  }

  /// `value` with what `path` leads to changed.
  static func changed(_ value: JSONValue, _ path: String..., to new: JSONValue?) -> JSONValue {
    change(value, path[...], new)
  }

  private static func change(_ value: JSONValue, _ path: ArraySlice<String>, _ new: JSONValue?) -> JSONValue {
    guard case .object(var members) = value, let first = path.first else { return value }
    members[first] = path.count == 1 ? new : members[first].map { change($0, path.dropFirst(), new) }
    return .object(members)
  }
}
