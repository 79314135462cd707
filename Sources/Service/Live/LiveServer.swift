import Files
import Foundation
import HTTP
import Supervision
import Telemetry

/// Shows a run while it goes on: looks at its files once a second, and serves a page. A process of its own, so that the run does not carry
/// those who watch it.
package struct LiveServer: Sendable {
  package struct Settings: Sendable {
    package var address: ListenAddress
    package var folder: RunFolder
    /// Whether the server ends some time after the run.
    package var endsWithRun = false
    package var linger = LiveDefaults.linger
    package var mostViewers = LiveDefaults.viewers
    package var interval = LiveDefaults.lookInterval

    package init(_ address: ListenAddress, folder: RunFolder) {
      self.address = address
      self.folder = folder
    }
  }

  private let settings: Settings

  package init(_ settings: Settings) { self.settings = settings }

  /// Serves until `end` finishes, or as long as the settings say.
  ///
  /// - Parameters:
  ///   - end: Finishes when the server is to end.
  ///   - parent: Finishes when the process that carries out the run has gone; nil where nobody knows.
  ///   - ready: Told where the page is.
  /// - Throws: `HTTPServerError` where it cannot listen.
  package func run(
    until end: AsyncStream<Void>, parent: AsyncStream<Void>? = nil, ready: @Sendable (ListenAddress) -> Void
  ) async throws {
    let start = ContinuousClock.now
    let hub = LiveHub(mostViewers: settings.mostViewers) { (ContinuousClock.now - start).seconds }
    let name = URL(fileURLWithPath: settings.folder.path).lastPathComponent
    let service = LiveService(hub, folder: settings.folder, page: LivePage(folder: name))
    var http = HTTPServerSettings(settings.address)
    http.limits.connections = LiveDefaults.connections
    http.limits.bodyBytes = LiveDefaults.bodyBytes
    http.limits.bodyBytesTogether = LiveDefaults.bodyBytes * LiveDefaults.connections
    let server = try HTTPServer(http, handler: service)
    service.listen(on: server.address)
    ready(server.address)
    let parentHasGone = StopFlag()
    let looking = Task { await look(hub, service, name, parentHasGone) }
    let parentWatch = Task {
      guard let parent else { return }
      for await _ in parent {}
      if !Task.isCancelled { parentHasGone.set() }
    }
    let endWatch = Task {
      for await _ in end {}
      looking.cancel()
    }
    await looking.value
    endWatch.cancel()
    parentWatch.cancel()
    hub.close()
    server.stop(within: LiveDefaults.drain)
  }

  /// Looks again and again, until it is cancelled or has shown the end for long enough.
  private func look(_ hub: LiveHub, _ service: LiveService, _ name: String, _ parentHasGone: StopFlag) async {
    var reader = LiveReader(settings.folder)
    var state = LiveState(folder: name, now: Self.now)
    var number = 0
    var gridAt = 0
    var endedAt: ContinuousClock.Instant?
    while !Task.isCancelled {
      number += 1
      if state.end == nil {
        let isFull = hub.viewers > 0 || number % LiveDefaults.looksPerIdleLook == 1
        var found = reader.look(isFull: isFull, hasParentGone: parentHasGone.isSet) { state.storeBounds() }
        let end = found.end
        found.end = nil
        state.take(found, now: Self.now)
        if let end { Self.finish(&state, &reader, end) }
        let patience = 1 + state.devices.count / LiveDefaults.devicesPerSecondOfOrder
        let hasNewGrid = number == 1 || state.end != nil || (isFull && number - gridAt >= patience)
        if hasNewGrid { gridAt = number }
        hub.offer(state, number: number, hasNewGrid: hasNewGrid)
        if state.end != nil { endedAt = .now }
      } else if settings.endsWithRun, let endedAt {
        let quiet = ContinuousClock.now - max(endedAt, service.lastAsked)
        if quiet >= settings.linger || ContinuousClock.now - endedAt >= LiveDefaults.longestLinger { return }
      }
      try? await Task.sleep(for: settings.interval)
    }
  }

  /// Takes all that the run has left, in a bounded number of steps: the page now shows its last state.
  private static func finish(_ state: inout LiveState, _ reader: inout LiveReader, _ end: LiveEnd) {
    var step = 0
    while step < 2 + state.devices.count / LiveDefaults.windowsPerLook {
      state.take(reader.rest(state.storeBounds()), now: now)
      step += 1
    }
    var last = LiveLook()
    last.end = end
    state.take(last, now: now)
  }

  private static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
