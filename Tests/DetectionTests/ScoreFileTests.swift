import Detection
import Files
import Foundation
import Telemetry
import TestSupport
import Testing

/// Files of scores that other tools have written.
@Suite struct ScoreFileTests {
  private func read(_ text: String, _ change: (inout ScoreFormat) throws -> Void = { _ in }) throws
    -> ScoreFile
  {
    var format = ScoreFormat()
    try change(&format)
    return try ScoreFile(
      CSVReader(bytes: Array(text.utf8), path: "s.csv", delimiter: format.delimiter), format: format)
  }

  private func message(_ body: () throws -> ScoreFile) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func deviceTimeAndScoreAreEnough() throws {
    let text =
      "device,time,score\np,2026-01-01T00:00:00Z,0.2\np,2026-01-01 00:05:00,0.9\nq,2026-01-01T00:00:00+00:00,0.5\n"
    let file = try read(text) {
      $0.threshold = 0.5
      $0.isHigherAnomalous = true
    }
    #expect(
      file.windows.map(\.isFlagged) == [false, true, true] && file.windows.map(\.score) == [-0.2, -0.9, -0.5])
    #expect(
      file.windows.allSatisfy { $0.sensor == nil && $0.end - $0.start == .seconds(300) } && !file.hasEnds)
    let lower = try read(text) { $0.threshold = 0.5 }
    #expect(lower.windows.map(\.isFlagged) == [true, false, true] && lower.windows[0].score == 0.2)
  }

  @Test func columnsHaveAnyName() throws {
    let text = "Anomaly;Unit;When;Flag;Part;Till\n0,1;p;2026-01-01;TRUE;heat;2026-01-02\n"
      .replacing("0,1", with: "0.1")
    let file = try read(text) {
      $0.columns = try ScoreColumns(
        "device=Unit,time=when,score=Anomaly,prediction=Flag,sensor=Part,end=Till")
      $0.delimiter = ";"
    }
    let window = try #require(file.windows.first)
    #expect(window.device.name == "p" && window.sensor == Windows.heat && window.isFlagged && file.hasEnds)
    #expect(window.end - window.start == .seconds(86_400))
    // Names of our own are found in other cases of their letters.
    #expect(try read("Device,Timestamp,SCORE,Prediction\np,2026-01-01,1,0.0\n").windows.count == 1)
  }

  @Test func allThatIsMissingIsNamedAtOnce() {
    #expect(
      message { try read("a,b\n1,2\n") }
        == "s.csv:1: there is no column “device”, “window_start”, “score”, “prediction”; the columns are a, b; "
        + "--columns device=NAME,time=NAME,score=NAME says what yours are called; in place of predictions, --threshold says from "
        + "which score on a window is flagged")
    #expect(
      message { try read("device,time,score\n") }
        == "s.csv:1: there is no column “prediction”; the columns are device, time, score; in place of predictions, --threshold "
        + "says from which score on a window is flagged")
    #expect(
      message {
        try read("time,score\n") {
          $0.threshold = 0
          $0.labelColumn = "truth"
        }
      }.hasPrefix("s.csv:1: there is no column “device”, “truth”; the columns are time, score; --columns"))
    #expect(
      message {
        try read("device,time,score,prediction\n") { $0.columns = try ScoreColumns("sensor=S,end=E") }
      }
      .hasPrefix("s.csv:1: there is no column “S”, “E”; the columns are"))
    #expect(
      message { try read("device,time,score,score\n") { $0.threshold = 0 } }.contains("two columns “score”"))
  }

  @Test func columnsThatNobodyHasAreRefused() {
    func message(_ text: String) -> String {
      do {
        _ = try ScoreColumns(text)
        return "no error"
      } catch {
        return error.description
      }
    }
    #expect(
      message("devise=a")
        == "--columns “devise=a”: “devise” is none of device, sensor, time, end, score, prediction, revision; did you mean “device”?"
    )
    #expect(message("device") == "--columns “device”: “device” is not of the form device=NAME")
  }

  @Test(arguments: [
    ("1767225600", "seconds"), ("1767225600.25", "seconds"), ("1767225600000", ""),
    ("1767225600000000", "microseconds"),
    ("1767225600000000000", "nanoseconds"),
  ]) func timesAreNumbersInAnyUnit(text: String, unit: String) throws {
    let file = try read("device,time,score,prediction\np,\(text),1,0\n")
    let start = try #require(file.windows.first).start
    #expect((start - Windows.midnight).seconds < 1)
    #expect(file.notices.count == (unit.isEmpty ? 0 : 1) && file.notices.allSatisfy { $0.contains(unit) })
    // Said, it need not be found.
    #expect(
      try read("device,time,score,prediction\np,5,1,0\n") { $0.timeUnit = .seconds }.windows[0].start
        .milliseconds == 5000)
  }

  @Test func timesOfTwoUnitsAreRefused() {
    #expect(
      message { try read("device,time,score,prediction\np,1767225600,1,0\np,1767225600000,1,0\n") }
        == "s.csv:3: the time “1767225600000” is one in milliseconds, but that of line 2 is one in seconds; give --time-unit, or "
        + "write ISO 8601")
    #expect(
      message { try read("device,time,score,prediction\np,5,1,0\n") }.hasSuffix(
        "or a number since 1970 between 2000 and 2100 (give --time-unit for others)"))
    #expect(
      message { try read("device,time,score,prediction\np,01.01.2026,1,0\n") }.contains(
        "“01.01.2026” is no time"))
  }

  @Test func scikitLearnsOutliersAreExplained() {
    #expect(
      message { try read("device,time,score,prediction\np,2026-01-01,1,-1\n") }
        == "s.csv:2: prediction “-1” is neither 0 nor 1; where -1 is an outlier, as scikit-learn has it, give --threshold 0 with "
        + "its decision values")
    #expect(
      message {
        try read("device,time,score,is\np,2026-01-01,1,2\n") { format in
          format.threshold = 0
          format.labelColumn = "is"
        }
      } == "s.csv:2: label “2” is neither 0 nor 1")
  }

  /// With its next time, or one usual step later where that is far away or not there.
  @Test func windowsEndWithTheNextTime() throws {
    let minutes = [0, 5, 9, 15, 20, 120, 125]
    let rows = minutes.map { "p,\(Windows.minute(Double($0))),1\n" }.joined()
    let file = try read("device,time,score\nq,2026-01-01T00:00:00Z,1\n" + rows) { $0.threshold = 0 }
    #expect(file.windows.map { ($0.end - $0.start).seconds / 60 } == [5, 5, 4, 6, 5, 5, 5, 5])
    // The order of rows says nothing, and a device with one row alone has an instant.
    let reversed = try read("device,time,score\n" + "p,\(Windows.minute(5)),1\np,\(Windows.minute(0)),1\n") {
      $0.threshold = 0
    }
    #expect(reversed.windows.map(\.end) == [Windows.minute(10), Windows.minute(5)])
    let one = try read("device,time,score\np,2026-01-01,1\n") { $0.threshold = 0 }
    #expect(one.windows[0].end - one.windows[0].start == .milliseconds(1))
  }

  @Test(arguments: UInt64(1)...40) func filesOfOursAreReadAsBefore(seed: UInt64) throws {
    let windows = RandomFleet.drawn(seed).windows
    let text = windows.reduce(
      into: "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"
    ) {
      $0 +=
        "\($1.device.name),\($1.sensor?.name ?? "*"),\($1.start),\($1.end),\($1.score),\($1.isFlagged ? 1 : 0),v1,1\n"
    }
    #expect(try read(text).windows == windows, "seed \(seed)")
    #expect(
      try read(text).windows == ScoredWindow.read(CSVReader(bytes: Array(text.utf8), path: "s.csv")),
      "seed \(seed)")
  }
}

/// Whether higher or lower is anomalous, as the scores themselves say.
@Suite struct RankingTests {
  @Test(arguments: UInt64(1)...100) func anInvertedRankingIsSeen(seed: UInt64) {
    let (windows, labels) = RandomFleet.drawn(seed)
    let evaluation = Evaluation(windows: windows, labels: labels)
    let judged = evaluation.classifiedWindows.filter { $0.class != .ignored }
    let hits = judged.filter { [.found, .missed].contains($0.class) }.map(\.window.score)
    let others = judged.filter { [.falseAlarm, .quiet].contains($0.class) }.map(\.window.score)
    var pairs = 0.0
    for hit in hits { for other in others { pairs += hit < other ? 1 : hit == other ? 0.5 : 0 } }
    let area = hits.isEmpty || others.isEmpty ? nil : pairs / Double(hits.count * others.count)
    let expected = area.flatMap { $0 < 0.45 ? $0 : nil }
    #expect((evaluation.invertedRanking == nil) == (expected == nil), "seed \(seed)")
    if let found = evaluation.invertedRanking, let expected {
      #expect(abs(found - expected) < 1e-12, "seed \(seed)")
    }
  }
}

/// When a job fired, by the name of its folder.
@Suite struct JobTimeTests {
  @Test func theNameOfTheFolderSaysIt() {
    let three = Timestamp(iso8601: "2026-01-01T15:00:00Z")!
    #expect(JobTime(ofFile: "run/predictions/2026-01-01T15-00-00Z/predictions.csv") == .fired(three))
    #expect(JobTime(ofFile: "2026-01-01T15-00-00Z-again-2/p.csv") == .fired(three))
    #expect(JobTime(ofFile: "x/2026-01-01T15-00-00-250Z/p.csv") == .fired(three + .milliseconds(250)))
    #expect(
      JobTime(ofFile: "x/closing/p.csv") == .closing && JobTime(ofFile: "x/closing-again/p.csv") == .closing)
    for path in [
      "p.csv", "closing", "x/closed/p.csv", "x/2026-13-01T15-00-00Z/p.csv", "2026-01-01T15-00-00Z/x/p.csv",
    ] {
      #expect(JobTime(ofFile: path) == nil, "\(path)")
    }
  }

  @Test func aDelayLastsUntilTheJob() {
    var late = Windows.window(2, flagged: true)
    late.firedAt = Windows.minute(60)
    let labels = [Windows.label(10, 15)]
    #expect(Evaluation(windows: [late], labels: labels).metrics().delaySeconds?.max == 3000)
    late.firedAt = nil
    #expect(Evaluation(windows: [late], labels: labels).metrics().delaySeconds?.max == 300)
    // A job that scores before a window is over knows no more than the window.
    late.firedAt = Windows.minute(0)
    #expect(Evaluation(windows: [late], labels: labels).metrics().delaySeconds?.max == 300)
  }
}
