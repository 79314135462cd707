import Detection
import Files
import Foundation
import Telemetry
import TestSupport
import Testing

/// Labels in the forms that people have.
@Suite struct LabelSourceTests {
  private func source(
    _ text: String, columns: String? = nil, windows: [ScoredWindow] = [Windows.window(0)],
    haveEnds: Bool = true,
    _ change: (inout ScoreFormat) -> Void = { _ in }
  ) async throws -> LabelSource {
    var format = ScoreFormat()
    change(&format)
    return try await withTemporaryFolder { folder in
      let path = "\(folder)/l"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return try LabelSource(
        path: path, columns: columns.map { try LabelSource.Columns($0) } ?? .init(), format: format,
        for: .init(windows, haveEnds: haveEnds))
    }
  }

  private func message(_ body: () async throws -> LabelSource) async -> String {
    do {
      _ = try await body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func aTableOfWindowsNeedsDeviceStartAndEnd() async throws {
    let label = Label(
      device: Windows.pump, sensor: nil, kind: "labelled-window", start: Windows.minute(10),
      end: Windows.minute(15))
    let wanted = [label]
    #expect(
      try await source("device,start,end\npump-0001,2026-01-01T00:10:00Z,2026-01-01 00:15\n").labels == wanted
    )
    #expect(try await source("Start,END\n1767226200000,1767226500000\n").labels == wanted, "the only device")
    #expect(
      try await source(
        "unit;von;bis\npump-0001;1767226200;1767226500\n", columns: "device=unit,start=von,end=bis"
      ) {
        $0.delimiter = ";"
      }.labels == wanted)
    var named = label
    named.kind = "leak"
    named.sensor = Windows.heat
    #expect(
      try await source(
        "from,to,device,sensor,kind\n2026-01-01T00:10:00Z,2026-01-01T00:15:00Z,pump-0001,heat,leak\n"
      ).labels
        == [named])
    // A file of ours is read as it always was, whatever the scores look like.
    let ours = LabelFile.text(of: [named])
    #expect(try await source(ours) { $0.delimiter = ";" }.labels == [named])
  }

  @Test func whatIsMissingIsNamedAtOnce() async {
    let one = await message { try await source("a,b\n1,2\n") }
    #expect(
      one.hasSuffix(
        "l:1: there is no column “device”, “sensor”, “kind”, “start”, “end”, “severity”, “parameters”, of which start and end are "
          + "needed; the columns are a, b; --label-columns device=NAME,start=NAME,end=NAME says what yours are called"
      ))
    let two = [Windows.window(0), Windows.window(0, device: DeviceID("q")!)]
    #expect(
      await message { try await source("start,end\n", windows: two) }.contains("are needed, and device;"))
    let scores = await message { try await source("device,time,score\n") }
    #expect(scores.contains("this is a file of scores, and the file of labels comes last"))
    #expect(
      await message { try await source("start,end\n2026-01-02,2026-01-01\n") }.hasSuffix(
        "l:2: the label ends at 2026-01-01T00:00:00.000Z, before or as it starts at 2026-01-02T00:00:00.000Z")
    )
    #expect(
      await message { try await source("start,end\nx,2026-01-01\n") }.hasSuffix(
        "l:2: start “x” is not ISO 8601"))
  }

  private static let benchmark = """
    { "real/pump-0001.csv": [["2026-01-01 00:10:00.000000", "2026-01-01 00:20:00.000000"]],
      "real/other.csv": [["2026-01-01 00:10:00", "2026-01-01 00:20:00"]] }
    """

  @Test func theBenchmarksWindowsAreThoseOfItsRows() async throws {
    let windows = (0..<10).map { Windows.window($0) }
    // Both ends belong to it: the rows of minutes 10, 15 and 20.
    let points = try await source(Self.benchmark, windows: windows, haveEnds: false)
    #expect(
      points.labels.map(\.start) == [Windows.minute(10)] && points.labels.map(\.end) == [Windows.minute(25)])
    #expect(
      points.notices.count == 1
        && points.notices[0].hasSuffix("1 recording has no predictions, and is left out"))
    let truths = Evaluation(windows: windows, labels: points.labels).classifiedWindows
    #expect(
      truths.filter { $0.class == .missed }.map(\.window.start)
        == [2, 3, 4].map { Windows.minute(Double($0) * 5) })
    #expect(!truths.contains { $0.class == .ignored })
    // Windows with ends are held against the time itself.
    let spans = try await source(Self.benchmark, windows: windows)
    #expect(spans.labels.map(\.end) == [Windows.minute(20) + .milliseconds(1)])
    // A list of moments is one of windows without length.
    let moments = try await source("{ \"pump-0001\": [\"2026-01-01 00:11:00\"] }", windows: windows)
    #expect(moments.labels.map { $0.end - $0.start } == [.milliseconds(1)])
    // One recording and one device are one another's.
    #expect(try await source("{ \"x.csv\": [] }").labels.isEmpty)
  }

  @Test func recordingsOfOthersAreRefused() async {
    let windows = [Windows.window(0, device: DeviceID("machine")!)]
    #expect(
      await message { try await source(Self.benchmark, windows: windows) }.hasSuffix(
        "none of its recordings is named as a device of the predictions is (machine); it has real/other.csv, real/pump-0001.csv; "
          + "call the device as the file is called, without its ending: --device other"))
    #expect(
      await message { try await source("{ \"a\": 5 }") }.contains("it is not a JSON object of recordings"))
    #expect(
      await message { try await source("{ \"a\": [[\"2026-01-01\", \"x\"]] }") }.hasSuffix(
        "“2026-01-01, x” of a is not [first, last] in ISO 8601"))
  }

  /// Ones and zeros beside the scores say what a row is, whatever overlaps it.
  @Test func aColumnOfLabelsIsTheTruthOfItsRows() {
    let windows = (0..<8).map { index in
      ScoredWindow(
        device: Windows.pump, sensor: nil, start: Windows.minute(Double(index)),
        end: Windows.minute(Double(index + 5)),
        score: 0, isFlagged: index == 3)
    }
    let marks = [false, false, true, true, false, false, true, false]
    let labels = MarkedWindows.labels(windows, marks)
    #expect(labels.map(\.start) == [Windows.minute(2), Windows.minute(6)])
    #expect(labels.map(\.end) == [Windows.minute(8), Windows.minute(11)])
    let metrics = Evaluation(windows: windows, labels: labels, marks: marks).metrics()
    #expect(metrics.anomalousWindows == 3 && metrics.windows == 8 && metrics.ignoredWindows == 0)
    #expect(metrics.recall == 1.0 / 3 && metrics.precision == 1 && metrics.events == 2)
    // Of several revisions the newest says it.
    var again = windows[2]
    again.revision = 2
    #expect(
      Evaluation(windows: windows + [again], labels: [], marks: marks + [false]).metrics().anomalousWindows
        == 2)
    #expect(
      MarkedWindows.labels(windows + [again], marks + [false]).map(\.start) == [
        Windows.minute(3), Windows.minute(6),
      ])
  }
}
