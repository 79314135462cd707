import Telemetry

/// Whether a node is to be asked for its birth, and when it was asked.
struct RebirthWish: Sendable {
  private(set) var isWanted = false
  /// Whether there is more than a gap in its numbers, which may close.
  private var isCertain = false
  private var askedMs: Int64?
  /// How often it was asked without a birth after which nothing was wanted for long.
  private var times = 0
  /// When its last birth came.
  private var bornMs: Int64?

  /// Asking goes on ever more seldom, up to this many doublings.
  private static let mostDoublings = 7

  /// A birth came. Whether it helps shows later, so when the node was asked stays known.
  mutating func isFulfilled(_ nowMs: Int64) {
    giveUp()
    bornMs = nowMs
  }

  mutating func want(isGap: Bool, _ nowMs: Int64) {
    if !isWanted, let bornMs, nowMs - bornMs >= max(SparkplugLimits.rebirthQuietMs, 2 * spacing) { times = 0 }
    isWanted = true
    if !isGap { isCertain = true }
  }

  var isOfGapAlone: Bool { isWanted && !isCertain }

  mutating func giveUp() {
    isWanted = false
    isCertain = false
  }

  /// Whether to ask now. A gap that is open since `gapSinceMs` is waited for.
  func isDue(_ nowMs: Int64, gapSinceMs: Int64) -> Bool {
    guard isWanted else { return false }
    if !isCertain, nowMs - gapSinceMs < SparkplugLimits.reorderingMs { return false }
    guard let askedMs else { return true }
    return nowMs - askedMs >= spacing
  }

  /// How long after it was asked a node may be asked again, in milliseconds.
  private var spacing: Int64 {
    SparkplugLimits.rebirthEveryMs << Int64(min(max(0, times - 1), Self.mostDoublings))
  }

  mutating func ask(_ nowMs: Int64) {
    askedMs = nowMs
    times += 1
  }
}

/// A command to be published.
package struct SparkplugCommand: Hashable, Sendable {
  package var topic: String
  package var payload: [UInt8]
}

extension SparkplugState {
  /// Takes down that the node of a message is to be asked for its birth.
  mutating func wish(_ message: SparkplugMessage, isGap: Bool = false) {
    guard settings.rebirth == .ask else { return }
    let node = message.node
    // It may stand there from before its last birth.
    if !nodes[node].rebirth.isWanted, !wishing.contains(node) { wishing.append(node) }
    nodes[node].rebirth.want(isGap: isGap, message.receivedMs)
  }

  /// The commands that are due: each node is asked once in a while, and few nodes at once. None where nobody is to be asked.
  package mutating func rebirths(nowMs: Int64) -> [SparkplugCommand] {
    guard !wishing.isEmpty else { return [] }
    var commands: [SparkplugCommand] = []
    var waiting: [Int] = []
    for index in wishing {
      // What was overtaken has come.
      if nodes[index].rebirth.isWanted, nodes[index].rebirth.isOfGapAlone, nodes[index].openGap == 0 {
        nodes[index].rebirth.giveUp()
      }
      guard nodes[index].rebirth.isWanted else { continue }
      waiting.append(index)
      guard commands.count < SparkplugLimits.rebirthsAtOnce,
        nodes[index].rebirth.isDue(nowMs, gapSinceMs: nodes[index].gapSinceMs)
      else { continue }
      nodes[index].rebirth.ask(nowMs)
      let parts = SparkplugTopic.levels(entities[nodes[index].entity].path)
      let topic = SparkplugTopic(.nodeCommand, group: parts[0], node: parts[1])
      commands.append(
        SparkplugCommand(topic: topic.text, payload: SparkplugEncoder.rebirthCommand(nowMs)))
    }
    wishing = waiting
    return commands
  }
}
