import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// A `sonde serve` of a test, on a socket file in the test's folder.
final class RunningService {
  let folder: String
  let socket: String
  private let service: Service

  /// Starts it with `arguments`, and waits until it is ready. Its standard output and error go into `serve.out` and `serve.err`.
  init(_ arguments: [String], in folder: String, environment: [String: String] = [:]) async throws {
    self.folder = folder
    socket = "\(folder)/s"
    let log = "\(folder)/serve.err"
    service = try await Service.start(
      name: "serve", executable: SondeProgram.path,
      arguments: ["serve", "--listen", "unix:\(folder)/s", "--access-log", "\(folder)/serve.out"] + arguments,
      log: log, environment: environment)
    // Whoever reads nothing from a child holds it up.
    let lines = service.lines
    Task { for await _ in lines {} }
    while !told.contains("is served on") {
      if Processes.state(of: service.processID) == nil || Processes.state(of: service.processID) == "Z" {
        throw RawClient.Broken(description: "sonde serve has ended: \(told)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  var processID: Int32 { service.processID }

  /// What it has said on standard error.
  var told: String { (try? TextFile.text(of: "\(folder)/serve.err")) ?? "" }

  /// The lines of its log so far.
  var log: [[String: Any]] {
    let text = (try? TextFile.text(of: "\(folder)/serve.out")) ?? ""
    return text.split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
    }
  }

  func client() throws -> RawClient { try RawClient(file: socket) }

  /// One request on a connection of its own.
  func ask(_ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:]) throws
    -> RawClient.Response
  {
    try client().ask(method, path, body, headers: headers)
  }

  /// Waits for its end.
  func exit() async throws -> ServiceExit { try await service.exit() }

  /// Sends SIGTERM, and waits for its end.
  @discardableResult
  func stop() async throws -> ServiceExit { try await service.stop(grace: .seconds(600)) }
}

extension RawClient {
  /// Sends a request, and reads its answer.
  func ask(_ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:]) throws
    -> Response
  {
    let lines = headers.map { "\($0): \($1)\r\n" }.joined()
    send("\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)")
    return try response(isHead: method == "HEAD")
  }
}

extension RawClient.Response {
  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
}
