/// A sign beside a word, so that nothing is said by colour alone.
package enum PageMark: String, CaseIterable, Hashable, Sendable {
  /// A tick: as it should be.
  case good
  /// A cross: not as it should be.
  case bad
  /// A triangle with an exclamation mark: nothing may be concluded.
  case doubtful
  /// A square: it broke off.
  case stopped
  /// A ring: neither.
  case neutral

  /// The class of words of this kind.
  var className: String { "is-\(rawValue)" }

  /// The sign as a picture as high as a letter, which readers of the page's text skip: the word beside it says the same.
  var html: HTML {
    let shape =
      switch self {
      case .good: "<path d=\"M2.5 8.5l3.5 4 7.5-9\"/>"
      case .bad: "<path d=\"M3 3l10 10M13 3L3 13\"/>"
      case .doubtful: "<path d=\"M8 1.8L15 14H1zM8 6v4M8 11.4v1\"/>"
      case .stopped: "<path d=\"M3 3h10v10H3z\"/>"
      case .neutral: "<circle cx=\"8\" cy=\"8\" r=\"5\"/>"
      }
    return .picture(
      "<svg class=\"sign \(className)\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\">"
        + shape + "</svg>")
  }
}
