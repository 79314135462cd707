import Telemetry

/// A message that a survey has kept whole.
struct KeptMessage: Hashable, Sendable {
  var topic: String
  var payload: [UInt8]
  var arrival: Timestamp
  /// Sent by the broker because it was kept there: older than its arrival by nobody knows how much.
  var isRetained: Bool

  /// What it takes, about.
  var byteCount: Int { topic.utf8.count + payload.count }
}

/// Which messages of a topic are kept: some of every form, and of the others a sample in which each has the same chance.
///
/// The chance comes of the message's number, so that the same messages leave the same sample.
struct TopicSample: Sendable {
  /// Places among all kept messages.
  private(set) var kept: [Int] = []
  /// How many are kept of each form.
  private var forms: [UInt128: Int] = [:]
  /// The sample: the messages whose numbers have the smallest marks.
  private var drawn: [(mark: UInt64, place: Int)] = []

  enum Decision {
    case keep
    case replace(place: Int)
    case leave
  }

  /// What becomes of the message with this number, from 0, and this form; `isRoomy` says whether more can be kept beside forms.
  mutating func decide(number: Int, form: UInt128, limit: Int, isRoomy: Bool) -> Decision {
    let ofForm = forms[form]
    if ofForm ?? 0 < DiscoveryDefaults.messagesOfAForm,
      ofForm != nil || forms.count < DiscoveryDefaults.maximumForms
    {
      forms[form, default: 0] += 1
      return .keep
    }
    let mark = Self.mark(number)
    if isRoomy, drawn.count < limit {
      drawn.append((mark, -1))
      return .keep
    }
    guard let largest = drawn.indices.max(by: { drawn[$0].mark < drawn[$1].mark }), mark < drawn[largest].mark
    else { return .leave }
    drawn[largest].mark = mark
    return .replace(place: drawn[largest].place)
  }

  /// The message that was decided on last is kept at `place`.
  mutating func place(_ place: Int) {
    kept.append(place)
    if let last = drawn.indices.last, drawn[last].place < 0 { drawn[last].place = place }
  }

  /// The message that was decided on last cannot be kept after all.
  mutating func giveUp() {
    if let last = drawn.last, last.place < 0 { drawn.removeLast() }
  }

  /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), of which every number gives another.
  private static func mark(_ number: Int) -> UInt64 {
    var z = UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9_7F4A_7C15 &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
