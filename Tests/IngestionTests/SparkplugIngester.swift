import Ingestion
import MQTT
import Sparkplug
import Telemetry
import WindowStore

/// A fold with all that it has had stored, as a file would have it.
struct SparkplugIngester {
  private static let settings = WindowSettings(
    window: .seconds(60), outOfOrderness: .seconds(5), allowedLateness: .seconds(10))

  var fold: IngestionFold
  var batch = StoreBatch()
  /// What was committed.
  var stored: [Message] = []
  var late: [LateMessage] = []
  var rejected: [RejectedMessage] = []
  var marks: [DeliveryMark] = []
  var lives: [String: SparkplugLife] = [:]
  var progress = IngestionProgress()
  var checkpoint: (state: [UInt8], stored: Int, late: Int)?

  init(_ latePolicy: LatePolicy = .keep) {
    fold = IngestionFold(settings: Self.settings, idleAfter: .seconds(3600))
    fold.latePolicy = latePolicy
    fold.reader = PayloadReader(SparkplugState(SparkplugSettings()))
    fold.sessionBegan(resumed: false)
  }

  mutating func take(_ topic: String, _ bytes: [UInt8], packetID: UInt16 = 0, isRetained: Bool = false) {
    Array(topic.utf8).withUnsafeBufferPointer { topic in
      bytes.withUnsafeBufferPointer {
        fold.take(
          topic: topic, payload: $0, MessageBatch.Delivery(packetID: packetID, isRetained: isRetained),
          received: Timestamp(milliseconds: 1_767_225_600_000), into: &batch)
      }
    }
  }

  mutating func commit(withCheckpoint: Bool = false) {
    fold.finish(&batch)
    stored += batch.stored
    late += batch.late
    rejected += batch.rejected
    marks += batch.marks
    if withCheckpoint { fold.keepTimes(in: &batch) }
    for var life in batch.lives {
      life.birth = life.birth ?? lives[life.path]?.birth
      life.times = life.times ?? lives[life.path]?.times
      lives[life.path] = life
    }
    progress = batch.progress
    batch.removeAll()
    if withCheckpoint { checkpoint = (fold.checkpoint(), stored.count, late.count) }
  }

  /// As after a kill: what was not committed is gone.
  mutating func restart() throws {
    batch.removeAll()
    let latePolicy = fold.latePolicy
    fold = try IngestionFold(
      settings: Self.settings, idleAfter: .seconds(3600), checkpoint: checkpoint?.state,
      progress: progress, marks: marks)
    fold.latePolicy = latePolicy
    fold.reader = PayloadReader(
      try SparkplugState(SparkplugSettings(), lives: lives.values.sorted { $0.path < $1.path }))
    for message in stored.dropFirst(checkpoint?.stored ?? 0) { fold.replay(message) }
    for late in late.dropFirst(checkpoint?.late ?? 0) {
      if let position = late.message.position { fold.replayLate(late.message.device, position) }
    }
    fold.sessionBegan(resumed: true)
  }
}
