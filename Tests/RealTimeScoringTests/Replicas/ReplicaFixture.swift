import Foundation
import HTTP
import RealTimeScoring
import Supervision
import Synchronization
import TestSupport

/// Sets of stand-in replicas behind a real haproxy.
enum ReplicaFixture {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("stand_in_replica.py").path
  /// Debian's own, since what a shell finds may start others first.
  static let python = ["/usr/bin/python3", "python3"].first { ExecutablePath.find($0) != nil }

  static let isMissing: String? =
    if ExecutablePath.find(ReplicaDefaults.program) == nil {
      "haproxy is not installed; on Debian: apt-get install \(ReplicaDefaults.debianPackage)"
    } else if python == nil {
      "python3 is not installed"
    } else {
      nil
    }

  /// Runs `body` with a set in `folder`, which is stopped afterwards.
  ///
  /// - Parameter change: Changes the settings; they listen on a socket file in the folder, and wait for everything for ten minutes.
  static func with<Value>(
    in folder: String, _ scale: ReplicaScale, arguments: [String] = [],
    change: (inout ReplicaSettings) -> Void = { _ in },
    _ body: (ReplicaSet, Notices) async throws -> Value
  ) async throws -> Value {
    var settings = settings(in: folder, scale, arguments: arguments)
    change(&settings)
    let notices = Notices()
    let set = try await ReplicaSet.start(settings) { notices.add($0) }
    do {
      let value = try await body(set, notices)
      await set.stop()
      return value
    } catch {
      await set.stop()
      throw error
    }
  }

  static func settings(in folder: String, _ scale: ReplicaScale, arguments: [String] = []) -> ReplicaSettings
  {
    var settings = ReplicaSettings(
      listen: ListenAddress(.socketFile("\(folder)/front")), scale: scale, folder: "\(folder)/set",
      program: python ?? "", arguments: [script] + arguments)
    settings.queueTimeout = .seconds(600)
    settings.requestTimeout = .seconds(600)
    settings.arrivalTimeout = .seconds(600)
    settings.startTimeout = .seconds(600)
    return settings
  }

  static func wait(until isTrue: () async throws -> Bool) async throws {
    while try await !isTrue() { try await Task.sleep(for: .milliseconds(10)) }
  }

  /// What the set has said.
  final class Notices: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }
}
