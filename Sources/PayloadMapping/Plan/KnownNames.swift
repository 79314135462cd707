/// The places of names that are made of members of a record and of the keys of a value, so that one that comes again is not put
/// together again.
struct KnownNames: Sendable {
  private struct Entry: Sendable {
    var node: Int32 = -1
    var variant: Int32 = -1
    var place: Int32 = -1
  }

  /// A power of two. An entry that is needed for something else is made again when it is asked for.
  private static let entryCount = 1 << 12

  private var variants = ByteTable()
  private var entries: [Entry] = []
  /// The record of which the variant is known, and that variant.
  private var record = -1
  private var variant = -1

  /// How many variants there are.
  var count: Int { variants.count }

  /// To be called before a payload.
  @inline(__always)
  mutating func begin() { record = -1 }

  /// The variant of `record`; nil before ``setVariant(of:_:)``.
  @inline(__always)
  func variant(of record: Int) -> Int? { record == self.record ? variant : nil }

  /// - Parameter text: Different where anything is that the names of the record's sensors are made of.
  mutating func setVariant(of record: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    self.record = record
    variant = variants.number(of: text).number
    return variant
  }

  /// The place of the name of the value at `node` in a record of `variant`; nil where it is not known.
  @inline(__always)
  func place(_ node: Int, _ variant: Int) -> Int? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[Self.slot(node, variant)]
    return Int(entry.node) == node && Int(entry.variant) == variant ? Int(entry.place) : nil
  }

  mutating func set(_ place: Int, _ node: Int, _ variant: Int) {
    if entries.isEmpty { entries = [Entry](repeating: Entry(), count: Self.entryCount) }
    entries[Self.slot(node, variant)] = Entry(
      node: Int32(node), variant: Int32(variant), place: Int32(place))
  }

  @inline(__always)
  private static func slot(_ node: Int, _ variant: Int) -> Int { (node &* 31 &+ variant) & (entryCount - 1) }
}
