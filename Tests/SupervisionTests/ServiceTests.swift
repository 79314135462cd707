import Foundation
import Supervision
import TestSupport
import Testing

/// Child processes that are watched.
@Suite struct ServiceTests {
  private func start(_ script: String) async throws -> Service {
    try await Service.start(name: "child", executable: "sh", arguments: ["-c", script], log: nil)
  }

  /// A signal to a process that has ended must not reach one that was started since, whatever numbers the system gives it.
  @Test func aSignalReachesNobodyElseAfterTheEnd() async throws {
    let ended = try await start("exit 0")
    #expect(try await ended.exit() == .exited(code: 0))
    var others: [Service] = []
    for _ in 0..<8 { others.append(try await start("read line; exit 3")) }
    for _ in 0..<3 { ended.send(signal: SIGKILL) }
    for other in others { other.closeInput() }
    for other in others { #expect(try await other.exit() == .exited(code: 3)) }
  }

  @Test func aSignalReachesARunningProcess() async throws {
    let child = try await start("echo ready; read line")
    for await line in child.lines where line == "ready" { child.send(signal: SIGKILL) }
    #expect(try await child.exit() == .killed(signal: SIGKILL))
  }
}
