import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Testing

/// The folder with real data: `SONDE_DATA`, or `shared/data` beside the package.
private let data: String = {
  if let path = ProcessInfo.processInfo.environment["SONDE_DATA"] { return path }
  let package = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
  return package.deletingLastPathComponent().appending(path: "shared/data").path
}()
private let reference = "\(data)/batch-reference"

@Suite struct PlainFileScoringTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-plain-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: "\(reference)/sensor_data.csv"),
      "there is no data/batch-reference; SONDE_DATA names the folder of the real data"))
  func agreesWithTheReferenceSolution() throws {
    try withFolder { folder in
      let result = try PlainFileScoring(
        input: "\(reference)/sensor_data.csv",
        columns: try .init("time=TS,device=Device,sensor=Sensor,value=Value"), models: "\(reference)/models",
        output: "\(folder)/out"
      ).run()

      var expected: [String: (decision: Double, prediction: String)] = [:]
      for device in [1, 2] {
        var reader = try CSVReader(path: "\(reference)/expected_device_\(device).csv")
        while let row = try reader.nextRow() {
          let time = row.fields[0].replacing(" ", with: "T") + "Z"
          expected["\(row.fields[1]),\(row.fields[2]),\(time)"] = (
            try #require(Double(row.fields[4])), row.fields[5]
          )
        }
      }
      var reader = try CSVReader(path: "\(folder)/out/predictions.csv")
      var largest = 0.0
      var rows = 0
      while let row = try reader.nextRow() {
        let (decision, prediction) = try #require(expected[row.fields[..<3].joined(separator: ",")])
        #expect(row.fields[5] == prediction)
        largest = max(largest, abs(try #require(Double(row.fields[4])) - decision))
        rows += 1
      }
      #expect(rows == expected.count && rows == result.predictions)
      #expect(largest < 1e-12, "the largest difference of a decision value is \(largest)")
      // The third device has no models: its rows are reported, and the rest is scored.
      #expect(result.failed > 0)
      let failed = try TextFile.text(of: "\(folder)/out/failed.csv").split(separator: "\n").dropFirst()
      #expect(failed.count == result.failed)
      #expect(failed.allSatisfy { $0.hasPrefix("3,") && $0.contains("no model device_3_sensor_") })
    }
  }

  @Test func badRowsFailAloneAndABrokenFileNamesItsLine() throws {
    try withFolder { folder in
      try AtomicFile.write(
        "time,device,sensor,value\n2026-01-01,a b,s,1\n2026-01-01,a,s,1\n", to: "\(folder)/in.csv")
      try AtomicFile.write(
        "time,device,sensor,value\n2026-01-01,a,s,1\n2026-01-01,a,s\n", to: "\(folder)/broken.csv")
      let scoring = PlainFileScoring(
        input: "\(folder)/in.csv", columns: .init(), models: folder, output: "\(folder)/out")
      let result = try scoring.run()
      #expect(result.predictions == 0 && result.failed == 2)
      #expect(throws: ScoringError.self, "the output exists") { try scoring.run() }
      let error = #expect(throws: CSVError.self) {
        try PlainFileScoring(
          input: "\(folder)/broken.csv", columns: .init(), models: folder, output: "\(folder)/out2"
        ).run()
      }
      #expect(error?.line == 3)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/out2"))
    }
  }

  /// A model of the sensor `t` of the device `m`, of one feature near 20.
  private func writeModel(_ folder: String) throws {
    let rows = FeatureMatrix(values: (0..<60).map { 20 + Double($0 % 7) / 10 }, columns: 1)
    let model = try OneClassModel.train(
      rows: rows, featureNames: ["mean"], provenance: ModelMetadata(device: "m", sensor: "t")
    ).model
    try ModelFile.write(model, folder: folder, stem: ModelFile.stem(device: "m", sensor: "t"))
  }

  private func score(
    _ lines: [String], in folder: String, delimiter: Character = ",", timeUnit: EpochUnit? = nil,
    head: String = "time,device,sensor,mean"
  ) throws -> (result: PlainFileScoring.Result, times: [String], failed: String, hasSucceeded: Bool) {
    let name = UUID().uuidString
    try AtomicFile.write(([head] + lines).joined(separator: "\n") + "\n", to: "\(folder)/\(name).csv")
    let output = "\(folder)/\(name)"
    let result = try PlainFileScoring(
      input: "\(folder)/\(name).csv", columns: .init(), models: folder, output: output, delimiter: delimiter,
      timeUnit: timeUnit
    ).run()
    let predictions = (try? TextFile.text(of: "\(output)/predictions.csv")) ?? ""
    return (
      result,
      predictions.split(separator: "\n").dropFirst().map { String($0.split(separator: ",")[2]) },
      (try? TextFile.text(of: "\(output)/failed.csv")) ?? "",
      FileManager.default.fileExists(atPath: "\(output)/_SUCCESS")
    )
  }

  @Test(arguments: ["20\u{0}garbage", "20garbage", "0x14", "inf", "nan", "1e999", "20,5", "", "2 0"])
  func aCellThatIsNoNumberFailsItsRowAlone(cell: String) throws {
    try withFolder { folder in
      try writeModel(folder)
      let found = try score(["2026-01-01,m,t, 20.3 ", "2026-01-02,m,t,\"\(cell)\""], in: folder)
      #expect(found.times == ["2026-01-01T00:00:00.000Z"] && found.result.failed == 1 && found.hasSucceeded)
      #expect(found.failed.contains("not a finite number"), "\(found.failed)")
    }
  }

  @Test(arguments: [
    ("1767225600", "as seconds since 1970"), ("1767225600000", nil),
    ("1767225600000000", "as microseconds since 1970"),
    ("1767225600000000000", "as nanoseconds since 1970"), ("2026-01-01 00:00:00+00", nil),
    (" 2026-01-01 01:00:00+0100 ", nil),
  ])
  func timesAreReadAndTheUnitIsSaid(time: String, notice: String?) throws {
    try withFolder { folder in
      try writeModel(folder)
      let found = try score(["\(time),m,t,20.3"], in: folder)
      #expect(found.times == ["2026-01-01T00:00:00.000Z"], "\(found.failed)")
      if let notice {
        #expect(found.result.notice?.contains(notice) == true)
      } else {
        #expect(found.result.notice == nil)
      }
    }
  }

  @Test(arguments: ["01.01.2026 00:00", "20260101", "60000", "1.5.2", "yesterday", "1/2/2026"])
  func whatIsNoTimeIsRefusedWithTheFormsThereAre(time: String) throws {
    try withFolder { folder in
      try writeModel(folder)
      let found = try score(["\(time),m,t,20.3"], in: folder)
      #expect(found.result.isFailed && !found.hasSucceeded)
      #expect(found.failed.contains("“\(time)” is no time"), "\(found.failed)")
      #expect(found.failed.contains("2026-01-01T12:00:00Z"), "\(found.failed)")
    }
  }

  @Test func aUnitThatIsGivenIsTaken() throws {
    try withFolder { folder in
      try writeModel(folder)
      let found = try score(["60000,m,t,20.3"], in: folder, timeUnit: .milliseconds)
      #expect(found.times == ["1970-01-01T00:01:00.000Z"] && found.result.notice == nil)
      let error = #expect(throws: CSVError.self) {
        try score(["1767225600,m,t,20.3", "1767225660000,m,t,20.3"], in: folder)
      }
      #expect(
        error?.line == 3 && error?.reason.contains("that of line 2 is one in seconds") == true,
        "\(String(describing: error))")
    }
  }

  @Test func otherDelimitersBlanksAndDoubledColumns() throws {
    try withFolder { folder in
      try writeModel(folder)
      for delimiter: Character in [";", "\t", "|"] {
        let separator = String(delimiter)
        let found = try score(
          [["2026-01-01", " m ", "t", "20.3"].joined(separator: separator)], in: folder, delimiter: delimiter,
          head: "\u{FEFF}" + ["time ", " Device", "sensor", "mean"].joined(separator: separator))
        #expect(found.times.count == 1, "\(found.failed)")
      }
      for head in ["time,device,sensor,mean,mean", "time,device,sensor,mean, Mean "] {
        let error = #expect(throws: CSVError.self) {
          try score(["2026-01-01,m,t,20.3,900"], in: folder, head: head)
        }
        #expect(error?.reason.lowercased().contains("two columns “mean”") == true)
      }
    }
  }

  @Test func theOrderOfRowsDoesNotMatter() throws {
    try withFolder { folder in
      try writeModel(folder)
      var pair = FeatureMatrix(columns: 2)
      for index in 0..<60 { pair.append([Double(index % 7), Double(index % 5)]) }
      let model = try OneClassModel.train(
        rows: pair, featureNames: ["a.mean", "b.mean"], provenance: ModelMetadata(device: "w")
      ).model
      try ModelFile.write(model, folder: folder, stem: "device_w")
      let lines = [
        "2026-01-01,m,t,20.1", "2026-01-01,m,t,900", "2026-01-02,w,a,1", "2026-01-02,w,b,2",
        "2026-01-02,w,a,900",
        "2026-01-03,w,a,3", "2026-01-03,w,a,3", "2026-01-03,w,b,1",
      ]
      var texts: Set<String> = []
      var failures: Set<Int> = []
      for order in [lines, lines.reversed(), [4, 3, 2, 1, 0, 7, 6, 5].map { lines[$0] }] {
        let name = UUID().uuidString
        try AtomicFile.write(
          (["time,device,sensor,mean"] + order).joined(separator: "\n") + "\n", to: "\(folder)/\(name).csv")
        let result = try PlainFileScoring(
          input: "\(folder)/\(name).csv", columns: .init(), models: folder, output: "\(folder)/\(name)"
        ).run()
        texts.insert(try TextFile.text(of: "\(folder)/\(name)/predictions.csv"))
        failures.insert(result.failed)
        #expect(
          try TextFile.text(of: "\(folder)/\(name)/failed.csv").contains(
            "a has two rows of this time that differ"))
      }
      #expect(texts.count == 1 && failures == [1])
      #expect(texts.first?.split(separator: "\n").count == 4)
    }
  }

  @Test func columnsAreNamed() throws {
    #expect(throws: ModelError.self) { try WindowTable.Columns("when=TS") }
    #expect(throws: ModelError.self) { try WindowTable.Columns("time") }
    #expect(try WindowTable.Columns("time=TS").device == "device")
  }
}
