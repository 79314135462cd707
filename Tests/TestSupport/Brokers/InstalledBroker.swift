import Foundation
import MQTT
import Supervision

/// A broker of somebody else's on a free port, with everything that it writes in one folder. It can be killed, and started again with
/// what it had saved. Its processes die with this one.
package final class InstalledBroker {
  package let address: BrokerAddress
  private let product: any BrokerProduct
  private let folder: String
  private let processes: [BrokerProcess]
  private var helpers: [Service] = []
  private var broker: Service?

  /// How long it may take until it answers. RabbitMQ takes 5 to 15 seconds alone on a machine, and tests are not alone.
  private static let patience = Duration.seconds(600)

  private init(_ product: any BrokerProduct, folder: String) throws {
    self.product = product
    self.folder = folder
    let port = try ListeningPort.free()
    var address = BrokerAddress(host: "127.0.0.1", port: port)
    address.access = product.access
    self.address = address
    processes = try product.processes(folder: folder, port: port)
  }

  /// Starts `product`, and returns when it answers. Throws ``MQTTError`` where it does not, with what it has said.
  package static func start(_ product: any BrokerProduct, folder: String) async throws -> InstalledBroker {
    let lastAttempt = 5
    for attempt in 1...lastAttempt {
      // Between finding free ports and taking them, another process may take one.
      let broker = try InstalledBroker(product, folder: folder)
      do {
        for helper in broker.processes.dropLast() { broker.helpers.append(try await broker.launch(helper)) }
        try await broker.startBroker()
        return broker
      } catch is MQTTError where attempt < lastAttempt {
        await broker.stop()
      } catch {
        await broker.stop()
        throw error
      }
    }
    preconditionFailure("the loop above returns or throws")
  }

  /// Kills the broker (SIGKILL), as if it had crashed, and waits for its end.
  package func kill() async throws {
    broker?.send(signal: SIGKILL)
    _ = try await broker?.exit()
    broker = nil
  }

  /// Starts the broker once more after ``kill()``, and returns when it answers.
  package func restart() async throws {
    try await startBroker()
  }

  /// Ends all its processes.
  package func stop() async {
    // What it would save nobody reads.
    for service in [broker].compactMap({ $0 }) + helpers.reversed() {
      _ = try? await service.stop(grace: .seconds(5))
    }
    broker = nil
    helpers = []
  }

  private func launch(_ process: BrokerProcess) async throws -> Service {
    // KILL, because not each of them ends with TERM while it starts.
    let service = try await Service.start(
      name: process.name, executable: process.executable, arguments: process.arguments,
      log: "\(folder)/\(process.name).log", environment: process.environment, orphanSignal: "KILL")
    let log = "\(folder)/\(process.name).out"
    Task {
      // Read, so that it never waits for room to write; kept, because it may say why it does not start.
      var said = ""
      for await line in service.lines where said.utf8.count < 1 << 16 { said += line + "\n" }
      try? said.write(toFile: log, atomically: true, encoding: .utf8)
    }
    return service
  }

  private func startBroker() async throws {
    let service = try await launch(processes[processes.count - 1])
    broker = service
    let deadline = ContinuousClock.now + Self.patience
    var client = PublisherClient(id: "probe")
    client.version = product.version
    while true {
      do {
        return try PublisherPool(address: address, clients: [client]).close()
      } catch {
        guard ContinuousClock.now < deadline,
          Processes.state(of: service.processID).map({ $0 != "Z" }) ?? false
        else {
          throw MQTTError.brokerFailed(reason: "\(product.name) did not start (\(error)): \(lastWords)")
        }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  /// The end of what its processes have written.
  private var lastWords: String {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".log") || $0.hasSuffix(".out") }.sorted().map { file in
      "\(file): \(((try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)) ?? "").suffix(1000))"
    }.joined(separator: "\n")
  }
}

/// Runs `body` with a broker of `product` in `folder`, which is stopped afterwards.
package func withInstalledBroker<Value>(
  _ product: any BrokerProduct, in folder: String, _ body: (InstalledBroker) async throws -> Value
) async throws -> Value {
  if let reason = await product.reasonNotToStart() { throw MQTTError.brokerFailed(reason: reason) }
  let broker = try await InstalledBroker.start(product, folder: folder)
  do {
    let value = try await body(broker)
    await broker.stop()
    return value
  } catch {
    await broker.stop()
    throw error
  }
}
