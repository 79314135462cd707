import PayloadMapping

/// What the records of a pattern have at one path.
package struct FieldStatistics: Sendable {
  package let path: FieldPath
  /// Records that have it.
  package private(set) var count = 0
  package private(set) var numbers = 0
  package private(set) var texts = 0
  /// Texts that are numbers.
  package private(set) var numericTexts = 0
  /// Texts of digits with zeros before them, which are no numbers: 00734 is the name of something.
  package private(set) var zeroedTexts = 0
  package private(set) var booleans = 0
  package private(set) var nulls = 0
  /// `NaN`, infinities, and numbers beyond a double.
  package private(set) var notFinite = 0
  /// Lists of numbers.
  package private(set) var lists = 0
  package private(set) var shortestList = Int.max
  package private(set) var longestList = 0
  /// Other lists, and objects without members.
  package private(set) var others = 0
  /// Of numbers, also of those that are texts.
  package private(set) var least = Double.infinity
  package private(set) var greatest = -Double.infinity
  package private(set) var areWhole = true
  /// Texts and how often each is there, up to ``DiscoveryDefaults/maximumWords``.
  package private(set) var words: [String: Int] = [:]
  /// Whether there are more words than ``words`` has.
  package private(set) var hasMoreWords = false
  /// The first that is there, as it was written.
  package private(set) var example = ""

  package init(path: FieldPath) { self.path = path }

  mutating func take(_ leaf: Leaf) {
    count += 1
    switch leaf {
    case .number(let number, let digits):
      numbers += 1
      note(number)
      show(digits)
    case .text(let text):
      texts += 1
      show(text)
      if let number = WrittenNumber.value(text) {
        numericTexts += 1
        note(number)
      } else if text.utf8.first == 0x30, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
        zeroedTexts += 1
      }
      if words[text] != nil || words.count < DiscoveryDefaults.maximumWords {
        words[text, default: 0] += 1
      } else {
        hasMoreWords = true
      }
    case .bool(let flag):
      booleans += 1
      show(flag ? "true" : "false")
    case .null: nulls += 1
    case .notFinite: notFinite += 1
    case .numbers(let length):
      lists += 1
      shortestList = min(shortestList, length)
      longestList = max(longestList, length)
    case .other: others += 1
    }
  }

  private mutating func note(_ number: Double) {
    least = min(least, number)
    greatest = max(greatest, number)
    if number != number.rounded() { areWhole = false }
  }

  private mutating func show(_ text: String) {
    if example.isEmpty { example = String(text.prefix(40)) }
  }

  /// Whether it is the same number wherever it is there.
  package var isConstant: Bool { least == greatest }
  /// Records that say anything by it.
  package var said: Int { count - nulls }
}

extension RecordSet {
  /// Of every path, in their order.
  func statistics() -> [FieldStatistics] {
    var statistics = paths.map { FieldStatistics(path: $0) }
    for record in records {
      for (field, leaf) in record.leaves { statistics[field].take(leaf) }
    }
    return statistics
  }
}
