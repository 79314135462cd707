import DeviceFleet
import Telemetry
import WindowStore

/// Where every planned message ended up: stored, late, or lost.
struct ReadingLedger: Hashable, Sendable {
  /// A message that is nowhere.
  struct Loss: Hashable, Sendable {
    var device: DeviceID
    var sequence: Int64
  }

  /// Readings of planned messages that are neither in the journal nor among the late ones.
  private(set) var lostReadings = 0
  /// Readings of planned messages that stand in the store more than once.
  private(set) var doubledReadings = 0
  /// Readings of planned messages that are as old as what retention deletes, and are not there: it deleted them, or nobody
  /// ever stored them, which cannot be told any more.
  private(set) var expiredReadings = 0
  /// Readings of planned messages that a transport fault of the scenario kept from being published.
  private(set) var withheldReadings = 0
  /// The first few losses.
  private(set) var losses: [Loss] = []

  /// Holds the messages of `source` against `store`. Messages of other devices are left alone.
  init(source: any MessageSource, store: WindowStoreReader) throws {
    let retainedFrom = try store.retainedFrom()
    var indices: [DeviceID: Int] = [:]
    for (index, device) in source.deviceIDs.enumerated() { indices[device] = index }
    var copies: [[UInt8]] = source.deviceIDs.map { _ in [] }
    try store.forEachAccountedMessage { message in
      guard let device = indices[message.device], message.position.sequence >= 0 else { return }
      let sequence = Int(message.position.sequence)
      while copies[device].count <= sequence { copies[device].append(0) }
      if copies[device][sequence] < 2 { copies[device][sequence] += 1 }
    }
    var deliveredTotal = 0
    for (index, device) in source.deviceIDs.enumerated() {
      for delivery in source.deliveries(ofDeviceAt: index) {
        guard case .message(let message) = delivery.parcel else { continue }
        deliveredTotal += message.values.count
        let sequence = Int(message.position?.sequence ?? 0)
        let count = sequence < copies[index].count ? copies[index][sequence] : 0
        if count == 0, let retainedFrom, message.timestamp < retainedFrom {
          expiredReadings += message.values.count
        } else if count == 0 {
          lostReadings += message.values.count
          if losses.count < RunDefaults.namedLosses {
            losses.append(Loss(device: device, sequence: Int64(sequence)))
          }
        } else if count > 1 {
          doubledReadings += message.values.count
        }
      }
    }
    withheldReadings = source.readingCount - deliveredTotal
  }
}
