import Files
import Foundation
import Telemetry

/// Waits until the watermark of a store has come to a time, as long as somebody ingests.
package struct WatermarkWait {
  /// How a wait has ended.
  package enum Outcome: Hashable, Sendable {
    case reached
    /// Nobody writes the store, so it stays at this watermark; nil where it holds no reading.
    case nobodyWrites(watermark: Timestamp?)
    case stopped
  }

  /// A reading of one row; people do not notice so long.
  private static let interval = Duration.milliseconds(100)

  private let reader: WindowStoreReader
  private let probe: DatabaseLockProbe?

  private let isStopped: () -> Bool

  /// Opens the store at `path`. Throws ``StoreError`` where there is none.
  ///
  /// - Parameter isStopped: Asked again and again.
  package init(path: String, isStopped: @escaping () -> Bool = { false }) throws {
    self.isStopped = isStopped
    // Its descriptor must outlive SQLite's connection, and so is opened before it.
    probe = DatabaseLockProbe(path: path)
    reader = try WindowStoreReader(path: path)
  }

  /// Returns when the watermark has come to `time`, or never will.
  ///
  /// - Parameter report: Is told of the watermark at each look that does not end the wait.
  package func run(until time: Timestamp, report: (Timestamp?) -> Void) async throws -> Outcome {
    while true {
      // Asked for before the watermark: what was written before the writer's end is then seen.
      let isWritten = probe?.isHeld ?? false
      let watermark = try reader.fleetWatermark()
      if let watermark, watermark >= time { return .reached }
      if isStopped() { return .stopped }
      guard isWritten else { return .nobodyWrites(watermark: watermark) }
      report(watermark)
      try await Task.sleep(for: Self.interval)
    }
  }
}
