import Detection
import DeviceFleet
import Files
import Foundation
import Telemetry
import Testing

@Suite struct ReplayTests {
  /// A folder of CSV files that is removed with it.
  final class Folder {
    let path = NSTemporaryDirectory() + "/replay-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
      try AtomicFile.write(text, to: path + "/" + name)
      return path + "/" + name
    }
  }

  private func time(_ text: String) -> Timestamp { Timestamp(iso8601: text)! }

  @Test func aWideRecordingIsADeviceCalledLikeItsFile() throws {
    let folder = try Folder()
    let file = try folder.file(
      "valve 1.csv",
      """
      datetime;Volume Flow RateRMS;Pressure;anomaly;changepoint
      2020-03-09 10:00:00;1.5;2;0.0;0
      2020-03-09 10:00:01;;2.5;1.0;1
      2020-03-09 10:00:02;NaN;;1;0
      2020-03-09 10:00:03;4;5;1;0
      2020-03-09 10:00:04;6;7;0;0
      """)
    let source = try ReplaySource(
      ReplayRecipe(files: [file], delimiter: ";", excluded: ["changepoint"], labelColumns: ["anomaly"]))
    #expect(source.deviceIDs.map(\.name) == ["valve_1"])
    #expect(source.sensors(ofDeviceAt: 0).map(\.name) == ["Volume_Flow_RateRMS", "Pressure"])
    let messages = Array(source.messagesInEventOrder())
    #expect(messages.map { $0.values.map(\.value) } == [[1.5, 2], [2.5], [4, 5], [6, 7]])
    #expect(messages.map { $0.position?.sequence } == [0, 1, 2, 3])
    #expect(
      source.labels == [
        Label(
          device: source.deviceIDs[0], sensor: nil, kind: "anomaly", start: time("2020-03-09T10:00:01Z"),
          end: time("2020-03-09T10:00:03.001Z"))
      ])
    #expect(source.start == time("2020-03-09T10:00:00Z"))
    #expect(source.duration == .milliseconds(4001))
    let account = source.account
    #expect(account.rows == 5 && account.messages == 4 && account.readings == 7)
    #expect(account.emptyCells == 3 && account.rowsWithoutValues == 1)
    #expect(account.rows == account.messages + account.rowsWithoutValues + account.rowsOutsideClock)
  }

  @Test func aLongRecordingJoinsTheSensorsOfOneInstant() throws {
    let folder = try Folder()
    let file = try folder.file(
      "long.csv", "TS,Device,Sensor,Value\n1000,2,a,1\n1000,2,b,2\n1000,1,a,3\n2000,2,a,4\n2000,2,a,5\n")
    let source = try ReplaySource(
      ReplayRecipe(
        files: [file], timeFormat: .epochMilliseconds, device: .column("Device"),
        values: .long(sensor: "Sensor", value: "Value")))
    #expect(source.deviceIDs.map(\.name) == ["1", "2"])
    #expect(source.messages(ofDeviceAt: 1).map { $0.values.map(\.value) } == [[1, 2], [4], [5]])
    #expect(source.account.repeatedTimestamps == 1)
    #expect(source.readingCount == 5 && source.messageCount == 4)
  }

  @Test func rowsAreOrderedRepeatsKeptAndTheClockCuts() throws {
    let folder = try Folder()
    let file = try folder.file("r.csv", "t,v\n10,1\n30.25,2\n20,3\n30.25,4\n40,5\n")
    let source = try ReplaySource(
      ReplayRecipe(files: [file], timeFormat: .epochSeconds), start: Timestamp(milliseconds: 15_000),
      duration: .seconds(20))
    #expect(source.messagesInEventOrder().map { $0.values[0].value } == [3, 2, 4])
    #expect(source.messagesInEventOrder().map(\.timestamp.milliseconds) == [20_000, 30_250, 30_250])
    #expect(source.account.rowsOutsideClock == 2)
    #expect(source.account.reorderedRows == 1)
    #expect(source.account.repeatedTimestamps == 1)
  }

  @Test func labelWindowsKeepToWhatWasPublished() throws {
    let folder = try Folder()
    let file = try folder.file(
      "m.csv", "timestamp,value\n2014-01-01 00:00:00,1\n2014-01-01 00:05:00,2\n2014-01-01 00:10:00,3\n")
    let windows = try folder.file(
      "w.json",
      """
      {"real/m.csv": [["2014-01-01 00:03:00.000000", "2014-01-01 00:10:00.000000"],
                      ["2015-01-01 00:00:00.000000", "2015-01-02 00:00:00.000000"]]}
      """)
    let source = try ReplaySource(ReplayRecipe(files: [file], labelWindows: .init(path: windows)))
    #expect(source.labels.map(\.start) == [time("2014-01-01T00:05:00Z")])
    #expect(source.labels.map(\.end) == [time("2014-01-01T00:10:00.001Z")])
    #expect(throws: FileError.self) {
      try ReplaySource(ReplayRecipe(files: [file], labelWindows: .init(path: windows, key: "other")))
    }
  }

  @Test(arguments: [
    ("t,v\n2020-01-01 00:00:00,1\n2020-13-01 00:00:00,1\n", ":3: time “2020-13-01 00:00:00” is not iso8601"),
    ("t,v\n2020-01-01 00:00:00,abc\n", ":2: v “abc” is not a finite number"),
    ("t,v\n2020-01-01 00:00:00,inf\n", ":2: v “inf” is not a finite number"),
    ("t,v\n2020-01-01 00:00:00\n", ":2: 1 fields, but the header has 2"),
    ("t,v v,v_v\n", ":1: the columns “v v” and “v_v” both make the sensor v_v"),
    ("t\n", ":1: no column is left for a sensor"),
    ("t,v\n", "there is no row after the header"),
  ])
  func whatIsBrokenIsNamed(text: String, message: String) throws {
    let folder = try Folder()
    let file = try folder.file("broken.csv", text)
    #expect {
      try ReplaySource(ReplayRecipe(files: [file]))
    } throws: {
      String(describing: $0).hasSuffix(message)
    }
  }

  @Test func namesBecomeIDs() {
    #expect(ReplayName.identifier("Volume Flow RateRMS") == "Volume_Flow_RateRMS")
    #expect(ReplayName.identifier("_x") == "x_x")
    #expect(ReplayName.identifier("°C") == "x_C")
    #expect(ReplayName.identifier("") == nil)
    #expect(ReplayName.identifier(String(repeating: "ä", count: 80))?.count == 64)
  }
}

/// On recordings that are no part of the project; skipped, visibly, where they are absent.
@Suite(.enabled(if: RealData.folder != nil, "set SONDE_DATA to the folder of recordings"))
struct RealRecordingTests {
  @Test func machineTemperature() throws {
    let folder = try #require(RealData.folder) + "/nab"
    let source = try ReplaySource(
      ReplayRecipe(
        files: [folder + "/machine_temperature_system_failure.csv"],
        labelWindows: .init(path: folder + "/combined_windows.json")))
    #expect(source.account.rows == 22_695)
    #expect(source.messageCount == 22_695)
    #expect(source.account.repeatedTimestamps == 12)
    #expect(source.account.reorderedRows == 11)
    #expect(source.labels.count == 4)
  }

  @Test func valves() throws {
    let folder = try #require(RealData.folder) + "/skab"
    let source = try ReplaySource(
      ReplayRecipe(
        files: (0...3).map { "\(folder)/valve1-\($0).csv" }, delimiter: ";",
        device: .fixed(DeviceID("valve1")!),
        excluded: ["changepoint"], labelColumns: ["anomaly"]))
    #expect(source.messageCount == 1147 + 1145 + 1075 + 1148)
    #expect(source.readingCount == source.messageCount * 8)
    #expect(source.labels.count >= 4)
  }
}

enum RealData {
  /// Where the recordings are, if anywhere.
  static var folder: String? {
    let path = ProcessInfo.processInfo.environment["SONDE_DATA"] ?? "../shared/data"
    return FileManager.default.fileExists(atPath: path + "/nab") ? path : nil
  }
}
