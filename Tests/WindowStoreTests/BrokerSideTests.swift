import Foundation
import TestSupport
import Testing
import WindowStore

private let settings = WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

/// What the store knows of the broker's side: subscriptions, and retained messages.
@Suite struct BrokerSideTests {
  @Test func subscriptionsAreKnownByBrokerAndClient() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      var writer: WindowStoreWriter! = try WindowStoreWriter(path: path, settings: settings)
      for (after, filter) in ["a/#", "b/#", "a/#"].enumerated() {
        try writer.remember(.init(filter: filter, after: after), of: "c", at: "mqtt://x:1", isOnly: false)
      }
      try writer.remember(.init(filter: "z", after: 9), of: "c", at: "mqtt://y:1", isOnly: false)
      try writer.remember(.init(filter: "z", after: 9), of: "d", at: "mqtt://x:1", isOnly: false)
      try writer.close()
      // One process, one writer: the lock goes with it.
      writer = nil
      writer = try WindowStoreWriter(path: path, settings: settings)
      #expect(
        try writer.subscriptions(of: "c", at: "mqtt://x:1") == [
          .init(filter: "b/#", after: 1), .init(filter: "a/#", after: 2),
        ])
      // A new session of the broker knows nothing of the earlier ones.
      try writer.remember(.init(filter: "b/#", after: 5), of: "c", at: "mqtt://x:1", isOnly: true)
      #expect(try writer.subscriptions(of: "c", at: "mqtt://x:1") == [.init(filter: "b/#", after: 5)])
      #expect(try writer.subscriptions(of: "c", at: "mqtt://y:1").count == 1)
      #expect(try writer.subscriptions(of: "d", at: "mqtt://x:1").count == 1)
      for number in 0..<100 {
        try writer.remember(.init(filter: "\(number)", after: 0), of: "c", at: "mqtt://x:1", isOnly: false)
      }
      let bounded = try writer.subscriptions(of: "c", at: "mqtt://x:1")
      #expect(bounded.count < 100 && bounded.last?.filter == "99")
    }
  }

  @Test func theLastRetainedMessageOfEachTopicAndThePartsThatWereRejectedAreReadBack() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      var writer: WindowStoreWriter! = try WindowStoreWriter(path: path, settings: settings)
      var batch = StoreBatch()
      func mark(_ topic: String, _ number: Int) -> RetainedMark {
        RetainedMark(topic: topic, digest: [UInt8(number), 2], number: number)
      }
      batch.retained = [mark("a", 1), mark("b", 2), mark("a", 3)]
      batch.progress.rejectedReadings = 7
      batch.rejected = [
        RejectedMessage(received: .init(milliseconds: 1), topic: "a", reason: "r", payload: [1], readings: 7),
        RejectedMessage(received: .init(milliseconds: 1), topic: "a", reason: "whole", payload: [1]),
      ]
      try writer.commit(batch)
      try writer.close()
      // One process, one writer: the lock goes with it.
      writer = nil
      writer = try WindowStoreWriter(path: path, settings: settings)
      let recovered = try writer.recover()
      #expect(recovered.retained == [mark("b", 2), mark("a", 3)])
      #expect(recovered.progress.rejectedReadings == 7)
      var rejected: [RejectedMessage] = []
      try WindowStoreReader(path: path).forEachRejectedMessage { rejected.append($0) }
      #expect(rejected == batch.rejected)
    }
  }
}
