import ClusterModel
import Testing

@Suite struct NodeLifeTests {
  @Test func everyStretchLastsUntilTheNext() {
    let life = NodeLife(
      node: 1,
      stretches: [.init(state: .provisioning, from: .seconds(1)), .init(state: .idle, from: .seconds(3))],
      end: .seconds(7))
    var seen: [String] = []
    life.forEachStretch { seen.append("\($0) \($1) \($2)") }
    #expect(seen == ["provisioning 1.0 seconds 3.0 seconds", "idle 3.0 seconds 7.0 seconds"])
  }
}
