import Foundation

/// What a scenario does to a process that no signal can do: a folder, named by `SONDE_FAULTS`, in which a file means a
/// fault. Without the variable there are no such faults, and asking costs a comparison.
package enum FaultControl {
  /// The environment variable that names the folder.
  package static let variable = "SONDE_FAULTS"
  /// While this file exists, the disk of the store is full.
  package static let diskFullFile = "disk-full"
  /// Holds the milliseconds by which the process's wall clock is wrong.
  package static let clockOffsetFile = "clock-offset-ms"
  /// Where this file exists when the process starts, its death is a power cut: what SQLite has not synced goes with it.
  /// Holds the seed that chooses what had reached the disk all the same.
  package static let powerCutFile = "power-cut-seed"

  /// The folder; nil where there are no such faults.
  package static let folder: String? = ProcessInfo.processInfo.environment[variable]

  /// The path of ``diskFullFile``.
  package static var diskFullMarker: String? { folder.map { "\($0)/\(diskFullFile)" } }

  /// The number in ``powerCutFile``.
  package static var powerCutSeed: UInt64? { number(in: powerCutFile).map { UInt64(bitPattern: $0) } }

  /// The wall clock of this process, in milliseconds since 1970, as wrong as the scenario makes it.
  package static var wallClockMs: Int64 {
    Int64(Date().timeIntervalSince1970 * 1000) + (number(in: clockOffsetFile) ?? 0)
  }

  private static func number(in file: String) -> Int64? {
    guard let folder, let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else { return nil }
    return Int64(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
