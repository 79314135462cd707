import Telemetry
import WindowStore

/// The state of the fold between two lives of ingestion.
extension IngestionFold {
  /// The state, for ``init(settings:idleAfter:arrivals:checkpoint:progress:marks:)``.
  package func checkpoint() -> [UInt8] {
    var writer = CheckpointWriter()
    writer.count(devices.count)
    for device in devices { device.write(to: &writer) }
    return writer.bytes
  }

  /// The fold as it was when `checkpoint` was taken (nil: at the beginning). The messages that were stored since must be
  /// given to ``replay(_:original:)`` and ``replayLate(_:_:)``. `progress` is what the store has counted, with them; `marks` and
  /// `retained` are the deliveries that it has taken down. Throws ``CheckpointError``.
  package init(
    settings: WindowSettings, idleAfter: Duration, arrivals: PlannedArrivals? = nil, checkpoint: [UInt8]?,
    progress: IngestionProgress, marks: [DeliveryMark] = [], retained: [RetainedMark] = []
  ) throws(CheckpointError) {
    self.init(settings: settings, idleAfter: idleAfter, arrivals: arrivals)
    self.progress = progress
    clock.resume(progress)
    redeliveries = RedeliveryGuard(marks)
    self.retained = RetainedMessages(marks, retained)
    guard let checkpoint else { return }
    var reader = try CheckpointReader(checkpoint)
    for index in 0..<(try reader.count()) {
      var device = try DeviceState(from: &reader)
      device.arrivals = clock.listed(device.name)
      devices.append(device)
      indices[device.name] = index
    }
    guard reader.isAtEnd else { throw CheckpointError(description: "the checkpoint is damaged") }
  }

  /// Takes a message from the journal again: the state moves, nothing is counted, and nothing is stored.
  ///
  /// - Parameter original: The time that it came with; nil where it was not moved.
  package mutating func replay(_ message: Message, original: Timestamp? = nil) {
    let counted = progress
    var ignored = StoreBatch()
    swap(&ignored, &replayed)
    ignored.removeAll()
    let index = index(of: message)
    // Messages of Sparkplug are known by their lives.
    if let position = message.position, reader.sparkplug == nil {
      _ = devices[index].seen.insert(epoch: position.epoch, sequence: position.sequence)
    }
    reader.sparkplug?.replay(message, original: original ?? message.timestamp)
    // It was found to be new and in time when it was stored.
    place(message, original ?? message.timestamp, ofDevice: index, into: &ignored)
    swap(&ignored, &replayed)
    progress = counted
  }

  /// Remembers a message that was stored as late, or dropped.
  package mutating func replayLate(_ name: DeviceID, _ position: Message.Position) {
    guard let index = indices[name], reader.sparkplug == nil else { return }
    _ = devices[index].seen.insert(epoch: position.epoch, sequence: position.sequence)
  }
}
