/// What is kept of a node or a device, so that a restart goes on where it was: a row of the store.
package struct SparkplugLife: Hashable, Sendable {
  /// `group/node`, or `group/node/device`.
  package var path: String
  /// How many births it has had; a life without a birth counts too, but for the first.
  package var epoch: Int64
  package var isAlive: Bool
  /// Messages of a node that never came, as its sequence numbers tell.
  package var missing: Int64
  /// The rest, for the module that reads Sparkplug.
  package var state: [UInt8]
  /// The payload of its last birth; nil where it is the one that the store has.
  package var birth: [UInt8]?
  /// The newest value of each metric and the last, with their times, for the module that reads Sparkplug; nil where what the store has is to stay.
  package var times: [UInt8]?

  package init(
    path: String, epoch: Int64, isAlive: Bool, missing: Int64, state: [UInt8], birth: [UInt8]? = nil,
    times: [UInt8]? = nil
  ) {
    self.path = path
    self.epoch = epoch
    self.isAlive = isAlive
    self.missing = missing
    self.state = state
    self.birth = birth
    self.times = times
  }
}
