import Telemetry

/// haproxy's runtime interface over its socket file (section 9.3 of its management guide). Each call is a connection of its own.
package struct HAProxyControl: Sendable {
  /// What haproxy does with a slot.
  package enum SlotState: String, Sendable, CaseIterable {
    /// It gets requests.
    case ready
    /// It gets no new ones, and answers those that it has.
    case drain
    /// It gets none, and is not checked.
    case maint
  }

  package let socket: String
  package let timeout: Duration

  package init(socket: String, timeout: Duration = ReplicaDefaults.controlTimeout) {
    self.socket = socket
    self.timeout = timeout
  }

  /// The figures of all proxies and servers.
  package func statistics() async throws(HAProxyError) -> HAProxyStatistics {
    try HAProxyStatistics(await answer(to: "show stat"))
  }

  /// Changes what haproxy does with the slot of a replica.
  package func set(_ replica: Int, _ state: SlotState) async throws(HAProxyError) {
    let slot = "\(HAProxyConfiguration.backend)/\(HAProxyConfiguration.slot(replica))"
    let command = "set server \(slot) state \(state.rawValue)"
    // It says nothing where it has done so.
    let answer = try await answer(to: command)
    guard answer.allSatisfy(\.isWhitespace) else {
      throw .refused(command: command, answer: answer)
    }
  }

  /// The answer to one command, as text.
  private func answer(to command: String) async throws(HAProxyError) -> String {
    do {
      let bytes = try await SocketExchange.ask(
        socket, Array("\(command)\n".utf8), timeout: timeout, upTo: ReplicaDefaults.controlAnswerBytes)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      throw .unreachable(reason: error.description)
    }
  }
}
