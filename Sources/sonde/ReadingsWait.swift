import ArgumentParser
import Foundation
import Modelling
import Supervision
import Telemetry
import WindowStore
import Wording

/// Waits until the readings of a run have come to a time that a command was given, as long as somebody ingests, and says so.
enum ReadingsWait {
  /// Returns when the watermark has come to `time`, or will not because nobody ingests; then it is told where the readings end. A
  /// signal ends the command. Throws `StoreError` where the run has no store.
  static func run(until time: Timestamp, given option: String, in store: String) async throws {
    let stop = StopSignal()
    let progress = ProgressLine()
    let wait = try WatermarkWait(path: store) { stop.flag.isSet }
    let outcome = try await wait.run(until: time) { watermark in
      progress.show { _ in
        "waiting for \(option) \(time): "
          + (watermark.map { "the readings have come to \($0)" } ?? "no reading yet")
      }
    }
    progress.clear()
    switch outcome {
    case .reached: break
    case .stopped: throw ExitCode(ExitStatus.interrupted)
    case .nobodyWrites(let watermark):
      let end = watermark.map { "end at \($0), before" } ?? "have not begun, and so not come to"
      StandardError.write("the readings \(end) \(option) \(time), and nobody ingests into \(store) now")
    }
  }
}
