import BatchScoring
import Telemetry
import Testing

@Suite struct MiniBatchPlanTests {
  private func loads(_ sizes: [(rows: Int, vectors: Int)]) throws -> [MiniBatchPlan.Load] {
    try sizes.enumerated().map { index, size in
      let name = "d" + String(repeating: "0", count: 5 - "\(index)".count) + "\(index)"
      return MiniBatchPlan.Load(
        device: try #require(DeviceID(name)), rows: size.rows, supportVectors: size.vectors)
    }
  }

  @Test func everyDeviceIsInExactlyOneTaskInOrder() throws {
    var generator = SeededGenerator(seed: 7, stream: "mini-batches")
    for _ in 0..<200 {
      let loads = try loads(
        (0..<generator.index(below: 60)).map { _ in
          (generator.index(below: 5000), generator.index(below: 400))
        })
      let size = generator.index(below: 2) == 0 ? MiniBatchSize.auto : .devices(1 + generator.index(below: 9))
      let tasks = MiniBatchPlan.tasks(for: loads, size: size, slots: 1 + generator.index(below: 8))
      #expect(tasks.flatMap { $0 } == loads.map(\.device))
      #expect(tasks.allSatisfy { !$0.isEmpty })
    }
  }

  @Test func aNumberOfDevicesIsKept() throws {
    let tasks = MiniBatchPlan.tasks(
      for: try loads(Array(repeating: (10, 10), count: 10)), size: .devices(4), slots: 2)
    #expect(tasks.map(\.count) == [4, 4, 2])
  }

  @Test func littleWorkIsOneTask() throws {
    let tasks = MiniBatchPlan.tasks(
      for: try loads(Array(repeating: (12, 5), count: 20)), size: .auto, slots: 4)
    #expect(tasks.count == 1)
  }

  @Test func skewIsBalancedByRowsTimesSupportVectors() throws {
    // One device in four has a model of 100 times as many support vectors.
    let sizes = (0..<1600).map { (rows: 1000, vectors: $0 < 400 ? 100_000 : 1000) }
    let loads = try loads(sizes)
    let tasks = MiniBatchPlan.tasks(for: loads, size: .auto, slots: 2)
    let weight = Dictionary(
      uniqueKeysWithValues: loads.map { ($0.device, $0.rows * ($0.supportVectors + 1000)) })
    let weights = tasks.map { $0.reduce(0) { $0 + (weight[$1] ?? 0) } }
    let mean = Double(weights.reduce(0, +)) / Double(weights.count)
    #expect(tasks.count == 2 * ScoringDefaults.tasksPerSlot)
    #expect(Double(weights.max() ?? 0) < 1.15 * mean)
  }

  @Test(arguments: ["auto", "1", "250"]) func readsSizes(text: String) { #expect(MiniBatchSize(text) != nil) }
  @Test(arguments: ["", "0", "-3", "many", "1.5"]) func refusesSizes(text: String) {
    #expect(MiniBatchSize(text) == nil)
  }
}
