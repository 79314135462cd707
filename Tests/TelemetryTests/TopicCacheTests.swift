import Telemetry
import Testing

@Suite struct TopicCacheTests {
  @Test(arguments: 0..<20) func theCacheSaysWhatTheTopicSays(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "topics")
    let parts = ["devices", "d-1", "d-2", "", "a b", "ä", "telemetry", "x/y"]
    var cache = TopicCache()
    for _ in 0..<2000 {
      let topic =
        (0..<random.index(below: 5)).map { _ in parts[random.index(below: parts.count)] }.joined(
          separator: "/")
        + (random.index(below: 2) == 0 ? "/n\(random.index(below: 500))/telemetry" : "")
      let cached = Array(topic.utf8).withUnsafeBufferPointer { cache.device(in: $0) }
      #expect(cached == TelemetryTopic.device(in: topic), "seed \(seed): \(topic)")
    }
  }
}
