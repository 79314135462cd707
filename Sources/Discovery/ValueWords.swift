/// Words that stand for 1 and 0, and those that say that there is no reading.
enum ValueWords {
  private static let pairs: [(one: String, zero: String)] = [
    ("on", "off"), ("true", "false"), ("yes", "no"), ("open", "closed"), ("online", "offline"),
    ("active", "inactive"),
    ("enabled", "disabled"), ("running", "stopped"), ("occupied", "vacant"), ("connected", "disconnected"),
    ("locked", "unlocked"),
    ("high", "low"), ("detected", "clear"), ("alarm", "normal"), ("wet", "dry"),
  ]
  private static let none: Set<String> = ["unavailable", "unknown", "none", "null", "n/a", "na", "nan", ""]

  /// What `word` becomes, and the word that it is paired with; the number is nil where it says that there is no reading. Nil where it is
  /// not known.
  static func numbers(of word: String) -> [(text: String, number: Double?)]? {
    let plain = word.lowercased()
    if none.contains(plain) { return [(word, nil)] }
    guard let pair = pairs.first(where: { $0.one == plain || $0.zero == plain }) else { return nil }
    return [(cased(pair.one, as: word), 1), (cased(pair.zero, as: word), 0)]
  }

  /// What `words` become; nil where one of them is not known, or none says anything.
  static func numbers(_ words: some Collection<String>) -> [(text: String, number: Double?)]? {
    var numbers: [(text: String, number: Double?)] = []
    for word in words.sorted() {
      guard let found = Self.numbers(of: word) else { return nil }
      for one in found where !numbers.contains(where: { $0.text == one.text }) { numbers.append(one) }
    }
    return numbers.contains { $0.number != nil } ? numbers : nil
  }

  /// `word` in the case of `model`.
  private static func cased(_ word: String, as model: String) -> String {
    if model == model.lowercased() { return word }
    if model == model.uppercased() { return word.uppercased() }
    return word.prefix(1).uppercased() + word.dropFirst()
  }
}
