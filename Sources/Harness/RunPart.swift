import Files
import Foundation
import Supervision
import Synchronization

/// A child process of a run: started, watched, and read line by line as it speaks.
final class RunPart: Sendable {
  let name: String
  let log: String
  private let service: Service
  private let ending = Mutex<ServiceExit?>(nil)
  private let reading: Mutex<Task<Void, Never>?>

  /// Starts `executable`. `onLine` is called for each line of its standard output, in order.
  static func start(
    _ name: String, executable: String, arguments: [String], log: String,
    environment: [String: String] = [:], onLine: @escaping @Sendable (String) -> Void
  ) async throws -> RunPart {
    let service = try await Service.start(
      name: name, executable: executable, arguments: arguments, log: log,
      environment: environment)
    return RunPart(name: name, log: log, service: service, onLine: onLine)
  }

  private init(name: String, log: String, service: Service, onLine: @escaping @Sendable (String) -> Void) {
    self.name = name
    self.log = log
    self.service = service
    reading = Mutex(nil)
    let task = Task {
      for await line in service.lines { onLine(line) }
      let exit = try? await service.exit()
      ending.withLock { $0 = exit ?? .exited(code: -1) }
    }
    reading.withLock { $0 = task }
  }

  /// How it ended; nil while it runs, and until all it said has been read.
  var exit: ServiceExit? { ending.withLock { $0 } }

  var processID: Int32 { service.processID }

  func write(_ line: String) { service.write(line) }
  func closeInput() { service.closeInput() }
  func send(signal: Int32) { service.send(signal: signal) }

  /// Waits for its end and for the last of its lines.
  @discardableResult
  func finish() async -> ServiceExit {
    await reading.withLock { $0 }?.value
    return exit ?? .exited(code: -1)
  }

  /// SIGTERM, and SIGKILL where that does not help.
  @discardableResult
  func stop(grace: Duration = RunDefaults.stopGrace) async -> ServiceExit {
    _ = try? await service.stop(grace: grace)
    return await finish()
  }

  /// The error that says that this part should not have ended.
  func failure(_ exit: ServiceExit) -> RunError {
    let lines = (try? TextFile.text(of: log))?.split(separator: "\n")
    var code: Int32?
    if case .exited(let number) = exit { code = number }
    return .partFailed(
      name: name, ending: exit.description, exitCode: code, log: log, lastWords: lines?.last.map(String.init))
  }
}
