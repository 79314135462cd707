import Telemetry

/// How the times that a device's messages carry may differ from those at which they leave.
package struct Departures: Hashable, Sendable {
  /// How long the first message of a batch waits for the last, at an even pace.
  package var batchSpan = Duration.zero
  /// Whether only the messages themselves tell: transport faults keep some back, or batches fill unevenly.
  package var isIrregular = false
  /// Whether the device's clock is wrong at times.
  package var hasWrongClock = false

  package init() {}
}

extension MessageSource {
  /// What ingestion is told of this source.
  ///
  /// - Parameter underWay: How far apart, in event time, publications are at most that are under way at once; see
  ///   ``FleetDefaults/underWay(_:)``.
  package func plannedArrivals(underWay: Duration) -> PlannedArrivals {
    let departures = deviceIDs.indices.map(departures(ofDeviceAt:))
    let tolerance = max(
      FleetDefaults.unlistedDelay,
      departures.lazy.map { $0.isIrregular ? .zero : $0.batchSpan }.max() ?? .zero)
    let offset = commonOffset(departures)
    var arrivals = PlannedArrivals(
      slack: underWay + tolerance + tolerance,
      deviceCount: deviceIDs.indices.count { messageCount(ofDeviceAt: $0) > 0 }, messageCount: messageCount)
    for index in deviceIDs.indices {
      let own = departures[index]
      guard offset != .zero || own.isIrregular || own.hasWrongClock else { continue }
      var list = ArrivalList(tolerance: tolerance)
      // Messages that transport faults withhold never arrive.
      arrivals.messageCount -= messageCount(ofDeviceAt: index)
      for delivery in deliveries(ofDeviceAt: index) {
        for message in delivery.messages { list.add(message, arrival: delivery.due + offset) }
        arrivals.messageCount += delivery.messages.count
      }
      let style = groups.first { $0.devices.contains(index) }?.style
      var device = list.device(isNumbered: style?.payload == .canonical && style?.mapping == nil)
      // Sparkplug has numbers of its own.
      if style?.payload == .sparkplug { device?.bySequence = [] }
      arrivals.listed[deviceIDs[index]] = device
    }
    return arrivals
  }

  /// By how much half of the fleet's clocks, or more, are wrong most of the time: that is the fleet's own time, then.
  private func commonOffset(_ departures: [Departures]) -> Duration {
    let wrong = deviceIDs.indices.filter { departures[$0].hasWrongClock }
    guard 2 * wrong.count >= deviceIDs.count else { return .zero }
    var offsets = Array(repeating: Int64(0), count: deviceIDs.count - wrong.count)
    for index in wrong {
      var stream = messages(ofDeviceAt: index)
      var own: [Int64] = []
      while let (message, due) = stream.nextWithDue() {
        own.append(message.timestamp.milliseconds - due.milliseconds)
      }
      own.sort()
      if !own.isEmpty { offsets.append(own[(own.count - 1) / 2]) }
    }
    offsets.sort()
    return offsets.isEmpty ? .zero : .milliseconds(offsets[(offsets.count - 1) / 2])
  }
}

/// Lists the messages of one device that arrive at another time than they carry.
private struct ArrivalList {
  let tolerance: Duration
  private var bySequence: [PlannedArrivals.Run] = []
  /// By the time that messages carry. Where two carry the same, the earlier: nothing may seem to have arrived before it has.
  private var arrivals: [Int64: Int64] = [:]

  init(tolerance: Duration) { self.tolerance = tolerance }

  mutating func add(_ message: Message, arrival: Timestamp) {
    let time = message.timestamp.milliseconds
    arrivals[time] = min(arrivals[time] ?? .max, arrival.milliseconds)
    guard let sequence = message.position?.sequence else { return }
    append(sequence, time, arrival.milliseconds, isNext: { $0 + 1 == sequence }, to: &bySequence)
  }

  /// - Parameter isNumbered: Whether payloads carry the sequence for sure; the list by time is then not needed.
  func device(isNumbered: Bool) -> PlannedArrivals.Device? {
    var byTime: [PlannedArrivals.Run] = []
    if !isNumbered {
      // No other message lies between two neighbours.
      var before: Int64?
      for (time, arrival) in arrivals.sorted(by: { $0.key < $1.key }) {
        append(time, time, arrival, isNext: { $0 == before }, to: &byTime)
        before = time
      }
    }
    // Messages that were put off do not leave in the order of their numbers.
    let device = PlannedArrivals.Device(
      bySequence: bySequence.sorted { $0.first < $1.first }, byTime: byTime)
    return device.bySequence.isEmpty && device.byTime.isEmpty ? nil : device
  }

  private func append(
    _ key: Int64, _ time: Int64, _ arrivalMs: Int64, isNext: (Int64) -> Bool,
    to runs: inout [PlannedArrivals.Run]
  ) {
    let later = arrivalMs - time
    guard abs(later) > tolerance.milliseconds else { return }
    if let last = runs.last, isNext(last.last) {
      if last.atMs == arrivalMs || last.atMs == nil && last.laterMs == later {
        runs[runs.count - 1].last = key
        return
      }
      if last.first == last.last, last.laterMs == later {
        runs[runs.count - 1].last = key
        runs[runs.count - 1].atMs = nil
        return
      }
    }
    runs.append(PlannedArrivals.Run(first: key, last: key, atMs: arrivalMs, laterMs: later))
  }
}
