/// A value of a manifest, whose keys keep their order, with comments for people.
package indirect enum YAMLValue: Hashable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  /// Text with line ends, written as a block where YAML lets it be.
  case block(String)
  case list([YAMLValue])
  case map([Entry])
  /// A value with a comment above its key.
  case commented(YAMLValue, String)
  /// Leaves out the key or the element that has it.
  case absent

  package struct Entry: Hashable, Sendable {
    package var key: String
    package var value: YAMLValue

    package init(_ key: String, _ value: YAMLValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value with `comment` above its key.
  package func commented(_ comment: String) -> YAMLValue { .commented(self, comment) }

  /// The value where `condition` holds, and else nothing.
  func only(if condition: Bool) -> YAMLValue { condition ? self : .absent }
}

extension YAMLValue: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}

extension YAMLValue: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .number(value) }
}

extension YAMLValue: ExpressibleByBooleanLiteral {
  package init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension YAMLValue: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: YAMLValue...) { self = .list(elements) }
}

extension YAMLValue: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, YAMLValue)...) {
    self = .map(elements.map { Entry($0, $1) })
  }
}
