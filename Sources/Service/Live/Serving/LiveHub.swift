import HTTP
import Synchronization

/// Hands the latest state to everybody who watches. What is old when a viewer has taken the last piece is left out for it, and so nothing
/// is queued for anybody.
final class LiveHub: Sendable {
  private struct State {
    var offer = ViewerPace.Offer()
    var viewers: [ObjectIdentifier: HTTPStream] = [:]
    /// The whole, for those who come after the end.
    var snapshot: [UInt8] = []
  }

  private let state = Mutex(State())
  private let mostViewers: Int
  private let clock: @Sendable () -> Double

  /// - Parameter clock: Seconds that pass.
  init(mostViewers: Int, clock: @escaping @Sendable () -> Double) {
    self.mostViewers = mostViewers
    self.clock = clock
  }

  var viewers: Int { state.withLock { $0.viewers.count } }
  var hasEnded: Bool { state.withLock { $0.offer.isLast } }
  var snapshot: [UInt8] { state.withLock { $0.snapshot } }

  /// Offers what `state` says, and wakes everybody.
  ///
  /// - Parameter hasNewGrid: Whether the grid of devices is made anew, which takes longest.
  func offer(_ live: LiveState, number: Int, hasNewGrid: Bool) {
    let (history, now) = (live.historyJSON, live.stateJSON)
    let grid = hasNewGrid ? live.devicesJSON() : nil
    let end = live.end == nil ? nil : ServerSentEvent.bytes("end", id: number, now)
    let viewers = state.withLock { state in
      state.offer.history = ServerSentEvent.bytes("history", id: number, history)
      state.offer.state = ServerSentEvent.bytes("state", id: number, now)
      state.offer.stateNumber = number
      if let grid {
        state.offer.devices = ServerSentEvent.bytes("devices", id: number, grid)
        state.offer.devicesNumber = number
        state.snapshot = Self.snapshot(history: history, state: now, devices: grid)
      }
      if let end {
        state.offer.isLast = true
        state.offer.end = end
      }
      return Array(state.viewers.values)
    }
    for viewer in viewers { viewer.wake() }
  }

  private static func snapshot(history: [UInt8], state: [UInt8], devices: [UInt8]) -> [UInt8] {
    Array("{\"history\":".utf8) + history + Array(",\"state\":".utf8) + state + Array(",\"devices\":".utf8)
      + devices + Array("}\n".utf8)
  }

  /// A stream for one more viewer; nil where there are too many.
  func makeStream() -> HTTPStream? {
    let viewer = Viewer(self, pace: ViewerPace(now: clock()))
    let stream = HTTPStream(next: { viewer.next() }, ended: { viewer.leave() })
    let isIn = state.withLock { state in
      guard state.viewers.count < mostViewers else { return false }
      state.viewers[ObjectIdentifier(viewer)] = stream
      return true
    }
    return isIn ? stream : nil
  }

  /// Ends all streams.
  func close() {
    for viewer in state.withLock({ Array($0.viewers.values) }) { viewer.end() }
  }

  /// One who watches.
  private final class Viewer: Sendable {
    private let hub: LiveHub
    private let pace: Mutex<ViewerPace>

    init(_ hub: LiveHub, pace: ViewerPace) {
      self.hub = hub
      self.pace = Mutex(pace)
    }

    func next() -> HTTPStream.Step {
      let offer = hub.state.withLock { $0.offer }
      guard offer.stateNumber > 0 else { return .wait }
      switch pace.withLock({ $0.next(offer, now: hub.clock()) }) {
      case .send(let bytes): return .piece(bytes)
      case .wait: return .wait
      case .end: return .end
      }
    }

    func leave() { _ = hub.state.withLock { $0.viewers.removeValue(forKey: ObjectIdentifier(self)) } }
  }
}
