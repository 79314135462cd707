/// What the names of a template may stand for, where it is known what it gives.
struct TemplateSolutions {
  /// Bounds the search where a text can be cut in many ways.
  static let maximum = 64

  private(set) var all: [[String: String]] = []

  /// Finds the texts of the names in `template` with which it gives `text`. What is left out where a name is not there is left out first,
  /// and names are as short as can be.
  ///
  /// - Parameter known: Names of which the text is known.
  init(_ template: NameTemplate, _ text: String, known: [String: String] = [:]) {
    solve(template.pieces[...], text[...], known)
  }

  private mutating func solve(
    _ pieces: ArraySlice<NameTemplate.Piece>, _ text: Substring, _ bound: [String: String]
  ) {
    guard all.count < Self.maximum else { return }
    guard let piece = pieces.first else {
      if text.isEmpty { all.append(bound) }
      return
    }
    let rest = pieces.dropFirst()
    switch piece {
    case .text(let literal):
      if text.hasPrefix(literal) { solve(rest, text.dropFirst(literal.count), bound) }
    case .optional(let part):
      solve(rest, text, bound)
      solve(part + rest, text, bound)
    case .name(let name):
      if let known = bound[name] {
        if text.hasPrefix(known) { solve(rest, text.dropFirst(known.count), bound) }
        return
      }
      guard !text.isEmpty else { return }
      var bound = bound
      guard !rest.isEmpty else {
        bound[name] = String(text)
        return solve(rest, "", bound)
      }
      for length in 1...text.count {
        bound[name] = String(text.prefix(length))
        solve(rest, text.dropFirst(length), bound)
      }
    }
  }
}
