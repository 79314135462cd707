import Foundation
import Telemetry
import WindowStore

/// Ingestion without its input and output: takes messages one by one and says what is to be stored.
///
/// Its state is a fold over the messages in the order of their arrival, so it can be computed again from the journal
/// after a crash. What goes into a window is a function of the readings alone; see ``Sample/precedes(_:_:)``.
public struct IngestionFold: Sendable {
  /// One device's part of the state.
  private struct Device: Sendable, Codable {
    var name: DeviceID
    var seen = SeenMessages()
    /// The newest event time.
    var maxEvent: Int64
    /// Ascending by start; open windows and closed ones that still take late readings.
    var windows: [DeviceWindow] = []
  }

  public let settings: WindowSettings
  /// How far behind the newest reading of the fleet a device may be before the fleet stops waiting for it.
  public let idleAfter: Duration
  /// How far ahead of the wall clock and of the fleet's newest reading a time may lie to be believed; nil believes all.
  /// A device whose clock is wrong would else push its watermark so far that everything after it is late.
  public var futureLimit: Duration?
  /// What was done so far, including what the current batch will do.
  public private(set) var progress: IngestionProgress

  private var devices: [Device] = []
  private var indices: [DeviceID: Int] = [:]
  private let window: Int64
  private let hop: Int64
  private let disorder: Int64
  private let lateness: Int64

  /// A fold that has seen nothing.
  public init(settings: WindowSettings, idleAfter: Duration) {
    self.settings = settings
    self.idleAfter = idleAfter
    window = settings.window.milliseconds
    hop = settings.hop.milliseconds
    disorder = settings.outOfOrderness.milliseconds
    lateness = settings.allowedLateness.milliseconds
    progress = IngestionProgress()
  }

  // MARK: - Messages

  /// Takes a payload as it came from the broker.
  ///
  /// - Parameter received: The wall clock, kept with a payload that is rejected.
  public mutating func take(
    topic: UnsafeBufferPointer<UInt8>, payload: UnsafeBufferPointer<UInt8>, received: Timestamp,
    into batch: inout StoreBatch
  ) {
    let topicName = String(decoding: topic, as: UTF8.self)
    do throws(PayloadError) {
      // A SenML pack is taken whole or not at all, so it is looked through before anything of it is taken.
      var messages: [Message] = []
      try PayloadCodec.decodeAll(
        payload, topicDevice: TelemetryTopic.device(in: topicName), received: received
      ) { messages.append($0) }
      for message in messages { try believe(message.timestamp, received) }
      for message in messages { take(message, into: &batch) }
    } catch {
      progress.messages += 1
      progress.rejectedMessages += 1
      batch.rejected.append(
        RejectedMessage(
          received: received, topic: topicName, reason: error.description,
          payload: Array(payload.prefix(PayloadCodec.maximumBytes))))
    }
  }

  /// Throws where `timestamp` lies too far in the future.
  private func believe(_ timestamp: Timestamp, _ received: Timestamp) throws(PayloadError) {
    guard let futureLimit else { return }
    let newest = max(received, progress.maxEvent ?? received)
    guard timestamp - newest <= futureLimit else {
      throw .tooFarInTheFuture(milliseconds: timestamp.milliseconds, limit: futureLimit)
    }
  }

  /// Takes a message.
  public mutating func take(_ message: Message, into batch: inout StoreBatch) {
    progress.messages += 1
    let index = index(of: message.device, at: message.timestamp)
    var message = message
    if let position = message.position {
      guard devices[index].seen.insert(epoch: position.epoch, sequence: position.sequence) else {
        progress.duplicateMessages += 1
        progress.duplicateReadings += message.values.count
        return
      }
    } else {
      let known = knownValues(of: message, in: devices[index])
      progress.duplicateReadings += known.count
      message.values.removeAll { known.contains($0.sensor) }
      if message.values.isEmpty {
        progress.duplicateMessages += 1
        return
      }
    }

    let watermark = devices[index].maxEvent - disorder
    let starts = windowStarts(message.timestamp.milliseconds)
    // The last window is the last to become final.
    guard watermark < starts.last + window + lateness else {
      progress.lateMessages += 1
      progress.lateReadings += message.values.count
      batch.late.append(
        LateMessage(
          message: message, lateBy: .milliseconds(watermark - message.timestamp.milliseconds)))
      return
    }
    progress.storedMessages += 1
    progress.storedReadings += message.values.count
    progress.maxEvent = max(progress.maxEvent ?? message.timestamp, message.timestamp)
    batch.stored.append(message)
    var start = starts.first
    while start <= starts.last {
      if watermark < start + window + lateness {
        add(message, toWindowAt: start, ofDevice: index, watermark: watermark, into: &batch)
      }
      start += hop
    }
    if message.timestamp.milliseconds > devices[index].maxEvent {
      devices[index].maxEvent = message.timestamp.milliseconds
      closeWindows(ofDevice: index, into: &batch)
    }
  }

  /// To be called when a batch is complete: moves the fleet's watermark and notes the progress.
  public mutating func finish(_ batch: inout StoreBatch) {
    progress.fleetWatermark = fleetWatermark()
    batch.progress = progress
  }

  private mutating func index(of name: DeviceID, at timestamp: Timestamp) -> Int {
    if let known = indices[name] { return known }
    devices.append(Device(name: name, maxEvent: timestamp.milliseconds))
    indices[name] = devices.count - 1
    return devices.count - 1
  }

  /// The sensors of a foreign device's message whose value at this instant is already in a window.
  private func knownValues(of message: Message, in device: Device) -> Set<SensorID> {
    // Every window that holds this instant knows it; one is enough.
    let start = windowStarts(message.timestamp.milliseconds).last
    guard let window = device.windows.first(where: { $0.start == start }) else { return [] }
    var known = Set<SensorID>()
    for (sensor, content) in zip(window.sensors, window.contents)
    where content.samples.contains(where: { $0.timestamp == message.timestamp.milliseconds }) {
      known.insert(sensor)
    }
    return known.intersection(message.values.map(\.sensor))
  }

  // MARK: - Windows

  /// The first and the last start of the windows that hold an instant. Windows begin on multiples of the hop since
  /// 1970; of tumbling windows one holds it, of hopping ones several.
  private func windowStarts(_ milliseconds: Int64) -> (first: Int64, last: Int64) {
    let last = milliseconds - milliseconds % hop
    return (last - (window - 1 - (milliseconds - last)) / hop * hop, last)
  }

  private mutating func add(
    _ message: Message, toWindowAt start: Int64, ofDevice index: Int, watermark: Int64,
    into batch: inout StoreBatch
  ) {
    let place = windowIndex(start, ofDevice: index)
    for value in message.values {
      let sensor = devices[index].windows[place].index(of: value.sensor)
      devices[index].windows[place].contents[sensor].samples.append(
        Sample(
          timestamp: message.timestamp.milliseconds, epoch: message.position?.epoch ?? -1,
          sequence: message.position?.sequence ?? -1, value: value.value))
    }
    // A reading for a window that the watermark has passed: the window exists already, or would have closed empty.
    if watermark >= start + window {
      devices[index].windows[place].isClosed = true
      let visibleFrom = max(watermark, progress.fleetWatermark?.milliseconds ?? .min) + 1
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
    devices[index].windows.insert(DeviceWindow(start: start), at: place)
    return place
  }

  /// Closes the windows that the device's watermark has reached, and forgets those that can no longer change.
  private mutating func closeWindows(ofDevice index: Int, into batch: inout StoreBatch) {
    let watermark = devices[index].maxEvent - disorder
    guard let first = devices[index].windows.first, first.start + window <= watermark else { return }
    for place in devices[index].windows.indices {
      let end = devices[index].windows[place].start + window
      guard end <= watermark else { break }
      guard !devices[index].windows[place].isClosed else { continue }
      devices[index].windows[place].isClosed = true
      // A device that the fleet no longer waited for must not add to what jobs have already read.
      let visibleFrom = max(end, (progress.fleetWatermark?.milliseconds ?? .min / 2) + 1)
      for sensor in devices[index].windows[place].sensors {
        emit(sensor, ofWindow: place, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
      }
    }
    while let first = devices[index].windows.first, first.start + window + lateness <= watermark {
      devices[index].windows.removeFirst()
    }
  }

  private mutating func emit(
    _ sensor: SensorID, ofWindow place: Int, ofDevice index: Int, visibleFrom: Int64,
    into batch: inout StoreBatch
  ) {
    let content = devices[index].windows[place].index(of: sensor)
    devices[index].windows[place].contents[content].revision += 1
    let sensorWindow = devices[index].windows[place].contents[content]
    if sensorWindow.revision == 1 { progress.windowsClosed += 1 } else { progress.windowsRevised += 1 }
    let start = devices[index].windows[place].start
    batch.windows.append(
      WindowRow(
        device: devices[index].name, sensor: sensor, start: Timestamp(milliseconds: start),
        end: Timestamp(milliseconds: start + window), aggregates: sensorWindow.aggregates(),
        revision: sensorWindow.revision, visibleFrom: Timestamp(milliseconds: visibleFrom)))
  }

  /// The lowest watermark of the devices that are not idle; never lower than it was.
  private func fleetWatermark() -> Timestamp? {
    guard let newest = progress.maxEvent?.milliseconds else { return nil }
    let idleBefore = newest - idleAfter.milliseconds
    let slowest = devices.lazy.map(\.maxEvent).filter { $0 >= idleBefore }.min() ?? newest
    let watermark = Timestamp(milliseconds: slowest - disorder)
    return max(progress.fleetWatermark ?? watermark, watermark)
  }

  // MARK: - Checkpoints

  private struct Checkpoint: Codable {
    var devices: [Device]
  }

  /// The state, for ``init(settings:idleAfter:checkpoint:progress:)``.
  public func checkpoint() throws -> [UInt8] {
    Array(try JSONEncoder().encode(Checkpoint(devices: devices)))
  }

  /// The fold as it was when `checkpoint` was taken (nil: at the beginning). The messages that were stored since must be
  /// given to ``replay(_:)`` and ``replayLate(_:_:)``. `progress` is what the store has counted; it includes them.
  public init(
    settings: WindowSettings, idleAfter: Duration, checkpoint: [UInt8]?, progress: IngestionProgress
  ) throws {
    self.init(settings: settings, idleAfter: idleAfter)
    self.progress = progress
    if let checkpoint {
      devices = try JSONDecoder().decode(Checkpoint.self, from: Data(checkpoint)).devices
      for (index, device) in devices.enumerated() { indices[device.name] = index }
    }
  }

  /// Takes a message from the journal again: the state moves, nothing is counted, and nothing is stored.
  public mutating func replay(_ message: Message) {
    let counted = progress
    var ignored = StoreBatch()
    take(message, into: &ignored)
    progress = counted
  }

  /// Remembers a message that was stored as late.
  public mutating func replayLate(_ name: DeviceID, _ position: Message.Position) {
    guard let index = indices[name] else { return }
    _ = devices[index].seen.insert(epoch: position.epoch, sequence: position.sequence)
  }
}
