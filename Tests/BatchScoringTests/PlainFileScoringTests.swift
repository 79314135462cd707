import BatchScoring
import Files
import Foundation
import OneClassSVM
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

  @Test func columnsAreNamed() throws {
    #expect(throws: ModelError.self) { try WindowTable.Columns("when=TS") }
    #expect(throws: ModelError.self) { try WindowTable.Columns("time") }
    #expect(try WindowTable.Columns("time=TS").device == "device")
  }
}
