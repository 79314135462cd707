import Ingestion
import Telemetry
import WindowStore

/// A message at a time in seconds. Without a sequence it is of a foreign device.
func message(
  _ device: String, _ sequence: Int64?, at seconds: Double, _ values: [String: Double], epoch: Int64 = 1
) -> Message {
  Message(
    device: DeviceID(device)!, position: sequence.map { Message.Position(epoch: epoch, sequence: $0) },
    timestamp: Timestamp(milliseconds: Int64(seconds * 1000)),
    values: values.sorted { $0.key < $1.key }.map {
      Message.Value(sensor: SensorID($0.key)!, value: $0.value)
    })
}

/// Folds `messages`, cutting a batch after every `batchSize`.
func fold(
  _ messages: [Message], batchSize: Int = 7, _ settings: WindowSettings, _ policy: LatePolicy = .keep
) -> StoreBatch {
  var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
  fold.latePolicy = policy
  var batch = StoreBatch()
  for (index, message) in messages.enumerated() {
    fold.take(message, into: &batch)
    if index % batchSize == batchSize - 1 { fold.finish(&batch) }
  }
  fold.finish(&batch)
  return batch
}

/// The rows that stand when all of `rows` are stored: the newest revision of each, without those taken back.
func standing(_ rows: [WindowRow]) -> [WindowRow] {
  var newest: [String: WindowRow] = [:]
  for row in rows {
    let key = "\(row.device)/\(row.sensor)/\(row.start.milliseconds)"
    if row.revision > newest[key]?.revision ?? 0 { newest[key] = row }
  }
  return newest.values.filter { !$0.isWithdrawn }.sorted {
    ($0.device.name, $0.sensor.name, $0.start) < ($1.device.name, $1.sensor.name, $1.start)
  }
}
