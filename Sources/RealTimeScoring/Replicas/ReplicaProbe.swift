import Telemetry

/// Asks a replica over its socket file.
enum ReplicaProbe {
  /// 200 where it takes requests (Open Inference Protocol v2).
  static let readyPath = "/v2/health/ready"

  /// The longest answer that is read: a short JSON text with its headers.
  private static let answerBytes = 64 << 10

  /// Whether the replica on `socket` says that it is ready.
  static func isReady(_ socket: String) async -> Bool {
    let question = "GET \(readyPath) HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n"
    let answer = try? await SocketExchange.ask(
      socket, Array(question.utf8), timeout: ReplicaDefaults.probeTimeout, upTo: answerBytes)
    guard let answer else { return false }
    return String(decoding: answer.prefix(statusPrefix), as: UTF8.self).hasSuffix(" 200")
  }

  /// As many bytes as `HTTP/1.1 200` has.
  private static let statusPrefix = 12
}
