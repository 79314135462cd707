import Files
import Foundation

/// Finds settings of a mosquitto configuration that lose messages in silence.
package enum BrokerSettingsAudit {
  /// One setting that loses messages, and what to write instead.
  package struct Finding: Hashable, Sendable, Codable {
    package var setting: String
    /// As it is written; nil where it is left to mosquitto's default.
    package var value: String?
    package var problem: String
    package var remedy: String
  }

  /// Fewer messages kept for a subscriber that is away than this lose a short absence.
  static let enoughQueuedMessages = 100_000
  /// Seconds between two saves of the broker's state, beyond which a broker that dies forgets too much.
  static let longestAutosave = 60

  /// What is to be said of a configuration: its own text and that of the files in its `include_dir`, in order.
  package static func findings(configuration text: String) -> [Finding] {
    var settings: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let key = words.first, !key.hasPrefix("#") else { continue }
      settings[String(key)] = words.dropFirst().joined(separator: " ")
    }
    var findings: [Finding] = []
    func note(_ setting: String, _ problem: String, _ remedy: String) {
      findings.append(Finding(setting: setting, value: settings[setting], problem: problem, remedy: remedy))
    }
    let queued = settings["max_queued_messages"].flatMap { Int($0) } ?? 1000
    if queued == 0 {
      note(
        "max_queued_messages", "0 means “no limit”, which mosquitto 2.0.16 gets wrong",
        "max_queued_messages 1000000")
    } else if queued < enoughQueuedMessages {
      note(
        "max_queued_messages",
        "of what comes while a subscriber is away only \(queued) messages are kept; the rest is dropped, although its "
          + "publishers were told that it had arrived", "max_queued_messages 1000000")
    }
    if settings["max_queued_bytes"].flatMap({ Int($0) }) ?? 0 > 0 {
      note("max_queued_bytes", "what goes beyond it is dropped in silence", "max_queued_bytes 0")
    }
    if settings["persistence"] != "true" {
      note(
        "persistence", "sessions and queued messages are gone when the broker is restarted",
        "persistence true")
    } else {
      let autosave = settings["autosave_interval"].flatMap { Int($0) } ?? 1800
      if autosave == 0 || autosave > longestAutosave {
        note(
          "autosave_interval",
          "a broker that is killed forgets what came since its last save, up to \(autosave) s",
          "autosave_interval 1")
      }
    }
    if let expiry = settings["persistent_client_expiration"] {
      note(
        "persistent_client_expiration", "a session is thrown away when its client stays away for \(expiry)",
        "leave it out, or make it longer than any absence")
    }
    return findings
  }

  /// As ``findings(configuration:)``, of the file at `path` with the files it includes. Throws `FileError`.
  package static func findings(file path: String) throws -> [Finding] {
    var text = try TextFile.text(of: path)
    for match in text.matches(of: /(?m)^\s*include_dir\s+(\S+)/) {
      let folder = String(match.1)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for name in names.sorted() where name.hasSuffix(".conf") {
        text += "\n" + (try TextFile.text(of: "\(folder)/\(name)"))
      }
    }
    return findings(configuration: text)
  }
}
