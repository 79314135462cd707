import Telemetry
import WindowStore

/// Ingestion without its input and output: takes messages one by one and says what is to be stored.
///
/// Its state is a fold over the messages in the order of their arrival, so it can be computed again from the journal
/// after a crash. What goes into a window is a function of the readings alone; see ``Sample/precedes(_:_:)``.
package struct IngestionFold: Sendable {
  package let settings: WindowSettings
  /// How far behind the fleet's time a device may be before the fleet stops waiting for it.
  package let idleAfter: Duration
  /// How far ahead of its arrival a time may lie to be believed; nil believes all. A device whose clock is wrong would else
  /// push its watermark so far that everything after it is late.
  package var futureLimit: Duration?
  /// How payloads are read.
  package var reader = PayloadReader()
  /// What becomes of a message whose windows can no longer change.
  package var latePolicy = LatePolicy.keep
  /// What was done so far, including what the current batch will do.
  package internal(set) var progress: IngestionProgress

  var devices: [DeviceState] = []
  /// When messages arrive.
  var clock: FleetClock
  var indices: [DeviceID: Int] = [:]
  var redeliveries = RedeliveryGuard()
  var retained = RetainedMessages()
  /// The messages of a payload that has several; kept for its memory.
  var messagesOfPayload: [Message] = []
  /// What a replay makes again, and nobody needs; kept for its memory.
  var replayed = StoreBatch()
  let window: Int64
  private let hop: Int64
  /// 0 where windows are of a fixed length.
  let gap: Int64
  private let disorder: Int64
  let lateness: Int64

  /// A fold that has seen nothing.
  ///
  /// - Parameter arrivals: What is known of a planned fleet; nil where devices come as they come.
  package init(settings: WindowSettings, idleAfter: Duration, arrivals: PlannedArrivals? = nil) {
    self.settings = settings
    self.idleAfter = idleAfter
    clock = FleetClock(arrivals: arrivals)
    window = settings.window.milliseconds
    hop = settings.hop.milliseconds
    gap = settings.sessionGap?.milliseconds ?? 0
    disorder = settings.outOfOrderness.milliseconds
    lateness = settings.allowedLateness.milliseconds
    progress = IngestionProgress()
  }

  // MARK: - Messages

  /// Takes a message that came without a payload.
  package mutating func take(_ message: Message, into batch: inout StoreBatch) {
    var account = PayloadAccount()
    account.note(accept(message, &account.contradictions, into: &batch))
    guard account.contradictions.count > 0 else { return }
    var payload: [UInt8] = []
    PayloadCodec.encode(message, into: &payload)
    Array(TelemetryTopic.name(of: message.device).utf8).withUnsafeBufferPointer { topic in
      payload.withUnsafeBufferPointer {
        settle(account, RefusedValues(), topic, $0, message.timestamp, into: &batch)
      }
    }
  }

  /// Takes a message, and says what became of it.
  ///
  /// - Parameters:
  ///   - identity: Nil: by its position where it has one, and by its instant otherwise.
  ///   - contradictions: Gets the values that contradict what is known of the same instant.
  mutating func accept(
    _ message: Message, as identity: MessageIdentity? = nil, _ contradictions: inout RefusedValues,
    into batch: inout StoreBatch
  ) -> MessageFate {
    progress.messages += 1
    let index = index(of: message)
    var message = message
    let watermark = devices[index].reached - disorder
    let isFinal = isFinal(message.timestamp.milliseconds, watermark)
    if let position = message.position, identity == nil {
      guard devices[index].seen.insert(epoch: position.epoch, sequence: position.sequence) else {
        progress.duplicateMessages += 1
        progress.duplicateReadings += message.values.count
        return .duplicate
      }
    } else if identity != .new {
      let known = knownValues(of: message, in: devices[index], isFinal: isFinal)
      if !known.isEmpty {
        let repeated = message.values.count { known[$0.sensor] == $0.value }
        for value in message.values {
          guard let earlier = known[value.sensor], earlier != value.value else { continue }
          contradictions.add(
            "“\(value.sensor)” is \(value.value), and \(earlier) was stored for the same time")
        }
        progress.duplicateReadings += repeated
        message.values.removeAll { known[$0.sensor] != nil }
        if message.values.isEmpty {
          guard repeated == 0 else {
            progress.duplicateMessages += 1
            return .duplicate
          }
          progress.rejectedMessages += 1
          return .contradicted
        }
      }
    }

    if isFinal {
      noteLateness(of: message, ofDevice: index, in: &batch)
      let lateBy = Duration.milliseconds(watermark - message.timestamp.milliseconds)
      switch latePolicy {
      case .keep: batch.late.append(LateMessage(message: message, lateBy: lateBy))
      case .drop:
        batch.dropped.append(LateMessage(message: message, lateBy: lateBy))
        progress.droppedMessages += 1
        progress.droppedReadings += message.values.count
      case .adjust:
        let original = message.timestamp
        message.timestamp = Timestamp(milliseconds: watermark - lateness)
        batch.adjusted.append(
          AdjustedMessage(message: message, original: original, lateBy: lateBy, place: batch.stored.count))
        progress.adjustedMessages += 1
        progress.adjustedReadings += message.values.count
        place(message, original, ofDevice: index, into: &batch)
        return .taken
      }
      progress.lateMessages += 1
      progress.lateReadings += message.values.count
      return .taken
    }
    place(message, message.timestamp, ofDevice: index, into: &batch)
    return .taken
  }

  /// Stores a message of which at least one window still takes readings, and which came with the time `original`.
  mutating func place(
    _ message: Message, _ original: Timestamp, ofDevice index: Int, into batch: inout StoreBatch
  ) {
    progress.storedMessages += 1
    progress.storedReadings += message.values.count
    progress.maxEvent = max(progress.maxEvent ?? message.timestamp, message.timestamp)
    batch.stored.append(message)
    let watermark = devices[index].reached - disorder
    let hasMoved = move(device: index, to: message, original, watermark: watermark, in: &batch)
    if gap > 0 {
      addToSession(message, original, ofDevice: index, watermark: watermark, into: &batch)
    } else {
      let starts = windowStarts(message.timestamp.milliseconds)
      var start = starts.first
      while start <= starts.last {
        if watermark < start + window + lateness {
          add(message, original, toWindowAt: start, ofDevice: index, watermark: watermark, into: &batch)
        }
        start += hop
      }
    }
    if hasMoved { closeWindows(ofDevice: index, into: &batch) }
  }

  /// Whether no window that would hold a reading of this time takes readings any more.
  private func isFinal(_ milliseconds: Int64, _ watermark: Int64) -> Bool {
    // Of several windows the last is the last to become final.
    let end = gap > 0 ? sessionEnd(milliseconds) : windowStarts(milliseconds).last + window
    return watermark >= end + lateness
  }

  /// To be called when a batch is complete: moves the fleet's watermark and notes the progress.
  package mutating func finish(_ batch: inout StoreBatch) {
    if let lives = reader.sparkplug?.takeChanges() { batch.lives += lives }
    moveFleetWatermark(&batch)
    batch.progress = progress
  }

  mutating func index(of message: Message) -> Int {
    if let known = indices[message.device] { return known }
    var device = DeviceState(name: message.device, maxEvent: message.timestamp.milliseconds)
    device.arrivals = clock.listed(message.device)
    if clock.arrivals != nil { device.arrived = device.arrival(message, message.timestamp) }
    devices.append(device)
    indices[message.device] = devices.count - 1
    return devices.count - 1
  }

  /// The sensors of a foreign device's message of which a value, measured at this instant, is already in a window, and that
  /// value.
  ///
  /// - Parameter isFinal: Whether all windows that hold the instant are over. If the message is known, it was moved.
  private func knownValues(of message: Message, in device: DeviceState, isFinal: Bool) -> [SensorID: Double] {
    let instant = message.timestamp.milliseconds
    var known: [SensorID: Double] = [:]
    func look(in window: DeviceWindow) {
      for (sensor, content) in zip(window.sensors, window.contents) {
        if let sample = content.samples.first(where: { $0.original == instant }) {
          known[sensor] = sample.value
        }
      }
    }
    if isFinal {
      if latePolicy == .adjust { for window in device.windows { look(in: window) } }
    } else if let window = device.windows.last(where: { $0.start <= instant && instant < $0.end }) {
      // Every window that holds this instant knows it; the newest is enough.
      look(in: window)
    }
    return known
  }

  /// The sensors of a message of which another value is known of the same instant.
  mutating func contradictions(in message: Message) -> Set<SensorID> {
    let device = devices[index(of: message)]
    let isFinal = isFinal(message.timestamp.milliseconds, device.reached - disorder)
    let known = knownValues(of: message, in: device, isFinal: isFinal)
    return Set(message.values.filter { known[$0.sensor] ?? $0.value != $0.value }.map(\.sensor))
  }

  // MARK: - Windows

  /// The first and the last start of the windows that hold an instant. Windows begin on multiples of the hop since
  /// 1970; of tumbling windows one holds it, of hopping ones several.
  private func windowStarts(_ milliseconds: Int64) -> (first: Int64, last: Int64) {
    let last = milliseconds - milliseconds % hop
    return (last - (window - 1 - (milliseconds - last)) / hop * hop, last)
  }

  private mutating func add(
    _ message: Message, _ original: Timestamp, toWindowAt start: Int64, ofDevice index: Int, watermark: Int64,
    into batch: inout StoreBatch
  ) {
    let place = windowIndex(start, ofDevice: index)
    devices[index].windows[place].add(message, original)
    // A reading for a window that the watermark has passed: the window exists already, or would have closed empty.
    if watermark >= start + window {
      devices[index].windows[place].isClosed = true
      let visibleFrom = revisionVisibleFrom(watermark, ofDevice: index)
      for value in message.values {
        emit(value.sensor, ofWindow: place, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
      }
    }
  }

  private mutating func windowIndex(_ start: Int64, ofDevice index: Int) -> Int {
    // Readings nearly always belong to the newest windows.
    var place = devices[index].windows.count
    while place > 0, devices[index].windows[place - 1].start > start { place -= 1 }
    if place > 0, devices[index].windows[place - 1].start == start { return place - 1 }
    devices[index].windows.insert(DeviceWindow(start: start, end: start + window), at: place)
    return place
  }

  /// Closes the windows that the device's watermark has reached, and forgets those that can no longer change.
  private mutating func closeWindows(ofDevice index: Int, into batch: inout StoreBatch) {
    let watermark = devices[index].reached - disorder
    guard let first = devices[index].windows.first, first.end <= watermark else { return }
    // The closed ones come first.
    var place = devices[index].windows.count
    while place > 0, !devices[index].windows[place - 1].isClosed { place -= 1 }
    while place < devices[index].windows.count, devices[index].windows[place].end <= watermark {
      let visibleFrom = visibleFrom(closing: devices[index].windows[place].end, ofDevice: index)
      publish(place, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
      place += 1
    }
    let kept = devices[index].windows.firstIndex { watermark < lastChange($0) + lateness }
    devices[index].windows.removeFirst(kept ?? devices[index].windows.count)
  }

  /// Publishes the rows of a window that is over, every sensor of it.
  mutating func publish(
    _ place: Int, ofDevice index: Int, visibleFrom: Int64, into batch: inout StoreBatch
  ) {
    devices[index].windows[place].isClosed = true
    for sensor in devices[index].windows[place].sensors {
      emit(sensor, ofWindow: place, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
    }
  }

  /// The watermark from which on, lateness apart, no reading can change `window`.
  private func lastChange(_ window: DeviceWindow) -> Int64 {
    // A reading just before the end of a session moves that end.
    gap > 0 ? sessionEnd(window.end - 1) : window.end
  }

  mutating func emit(
    _ sensor: SensorID, ofWindow place: Int, ofDevice index: Int, visibleFrom: Int64,
    into batch: inout StoreBatch
  ) {
    let content = devices[index].windows[place].index(of: sensor)
    devices[index].windows[place].contents[content].revision += 1
    let sensorWindow = devices[index].windows[place].contents[content]
    if sensorWindow.revision == 1 { progress.windowsClosed += 1 } else { progress.windowsRevised += 1 }
    batch.windows.append(
      row(
        sensor, sensorWindow.aggregates(), revision: sensorWindow.revision,
        of: devices[index].windows[place], ofDevice: index, visibleFrom))
  }

  func row(
    _ sensor: SensorID, _ aggregates: Aggregates, revision: Int, of window: DeviceWindow, ofDevice index: Int,
    _ visibleFrom: Int64
  ) -> WindowRow {
    WindowRow(
      device: devices[index].name, sensor: sensor, start: Timestamp(milliseconds: window.start),
      end: Timestamp(milliseconds: window.end), aggregates: aggregates, revision: revision,
      visibleFrom: Timestamp(milliseconds: visibleFrom))
  }
}
