/// What one viewer is sent next, and when: the history, then the latest state alone, the grid of devices as often as there is room for it,
/// and at the end all of it. Whoever is slow leaves out what has become old meanwhile. Pure.
package struct ViewerPace: Sendable {
  /// What there is to send, each with the number of its making.
  package struct Offer: Sendable {
    package var history: [UInt8]
    package var state: [UInt8]
    package var stateNumber: Int
    package var devices: [UInt8]
    package var devicesNumber: Int
    /// Whether the run has ended: what is offered is the last.
    package var isLast: Bool
    /// The event of the end.
    package var end: [UInt8]

    package init() {
      (history, state, devices, end) = ([], [], [], [])
      (stateNumber, devicesNumber, isLast) = (0, 0, false)
    }
  }

  package enum Step: Hashable, Sendable {
    case send([UInt8])
    case wait
    case end
  }

  private let rate: Double
  /// Bytes that may leave; less than none after a piece that was larger.
  private var allowance: Double
  private var at: Double
  private var hasBegun = false
  private var hasEnded = false
  private var sentState = 0
  private var sentDevices = 0

  /// - Parameters:
  ///   - bytesPerSecond: On average.
  ///   - now: Seconds of any clock.
  package init(bytesPerSecond: Int = LiveDefaults.bytesPerSecond, now: Double) {
    rate = Double(bytesPerSecond)
    allowance = rate
    at = now
  }

  package mutating func next(_ offer: Offer, now: Double) -> Step {
    // What is saved up is at most a second's worth, or the grid that waits for it.
    allowance = min(
      max(rate, Double(offer.devices.count + offer.state.count)), allowance + max(0, now - at) * rate)
    at = now
    guard !hasEnded else { return .end }
    guard hasBegun else {
      hasBegun = true
      sentState = offer.stateNumber
      return send(
        ServerSentEvent.retry(milliseconds: LiveDefaults.retryMilliseconds) + offer.history + offer.state)
    }
    if offer.isLast {
      // All of it, whatever it costs: nothing follows. With the history again, because states were left out, and with each of them a point.
      hasEnded = true
      var last = offer.stateNumber > sentState ? offer.history + offer.state : []
      if offer.devicesNumber > sentDevices { last += offer.devices }
      return send(last + offer.end)
    }
    if offer.stateNumber > sentState, allowance > 0 {
      sentState = offer.stateNumber
      return send(offer.state)
    }
    if offer.devicesNumber > sentDevices, allowance >= Double(offer.devices.count) {
      sentDevices = offer.devicesNumber
      return send(offer.devices)
    }
    return .wait
  }

  private mutating func send(_ bytes: [UInt8]) -> Step {
    allowance -= Double(bytes.count)
    return .send(bytes)
  }
}
