import Alarms
import Detection
import Telemetry
import Testing

/// The anomalous windows of jobs that follow each other.
@Suite struct AnomalousWindowsTests {
  private static let device = DeviceID("press-1")!

  private static func row(
    _ minute: Int64, flagged: Bool = true, revision: Int = 1, sensor: String? = nil
  ) -> ScoredWindow {
    ScoredWindow(
      device: device, sensor: sensor.flatMap { SensorID($0) },
      start: Timestamp(milliseconds: minute * 60_000),
      end: Timestamp(milliseconds: (minute + 5) * 60_000), score: flagged ? -1 : 1, isFlagged: flagged,
      revision: revision)
  }

  private static func groups(_ windows: AnomalousWindows) -> [[Int64]] {
    windows.groups(of: device, gap: .zero).map { group in
      [
        group.span.start.milliseconds / 60_000, group.span.end.milliseconds / 60_000,
        Int64(group.windows.count),
        Int64(group.windows.map(\.job).min() ?? -1),
      ]
    }
  }

  @Test func anAlarmGoesOnInTheNextJob() {
    var windows = AnomalousWindows()
    #expect(windows.add([Self.row(0, flagged: false), Self.row(5)], job: 0) == [Self.device])
    #expect(windows.add([Self.row(10), Self.row(15, flagged: false), Self.row(20)], job: 1) == [Self.device])
    #expect(Self.groups(windows) == [[5, 15, 2, 0], [20, 25, 1, 1]])
    #expect(windows.add([Self.row(25, flagged: false)], job: 2).isEmpty)
  }

  @Test func theNewestRevisionCounts() {
    var windows = AnomalousWindows()
    windows.add([Self.row(0), Self.row(5), Self.row(10, flagged: false)], job: 0)
    windows.add(
      [Self.row(5, flagged: false, revision: 2), Self.row(10, revision: 2), Self.row(0, revision: 2)], job: 1)
    // The first was known with the first job.
    #expect(Self.groups(windows) == [[0, 5, 1, 0], [10, 15, 1, 1]])
    // A job that goes over failed rows again comes to an older revision after the newer one.
    windows.add([Self.row(5), Self.row(10, flagged: false)], job: 2)
    #expect(Self.groups(windows) == [[0, 5, 1, 0], [10, 15, 1, 1]])
  }

  @Test func windowsOfSeveralSensorsAreOneAlarmOfTheDevice() {
    var windows = AnomalousWindows()
    windows.add([Self.row(0, sensor: "a"), Self.row(0, sensor: "b"), Self.row(5, sensor: "b")], job: 0)
    #expect(Self.groups(windows) == [[0, 10, 3, 0]])
    #expect(windows.devices == [Self.device])
    windows.add(
      [
        Self.row(0, flagged: false, revision: 2, sensor: "a"),
        Self.row(0, flagged: false, revision: 2, sensor: "b"),
        Self.row(5, flagged: false, revision: 2, sensor: "b"),
      ], job: 1)
    #expect(windows.devices.isEmpty)
  }

  @Test func whoIsToldOfAnAlarmIsNotToldOfItsGrowth() {
    var told = ToldAlarms()
    let alarm = Self.alarm(10, 20)
    #expect(!told.contains(alarm))
    told.add(alarm)
    let grown = Self.alarm(5, 30)
    #expect(told.contains(grown))
    told.add(grown)
    #expect(told.contains(Self.alarm(30, 35)))
    #expect(!told.contains(Self.alarm(31, 35)))
    var other = alarm
    other.device = DeviceID("press-2")!
    #expect(!told.contains(other))
  }

  private static func alarm(_ from: Int64, _ to: Int64) -> Alarm {
    Alarm(
      device: device, sensors: [], from: Timestamp(milliseconds: from * 60_000),
      to: Timestamp(milliseconds: to * 60_000), windows: 1, job: "j", knownAt: nil, strength: 1, reasons: [])
  }
}
