/// A payload as it is put together: members in the order in which they were set.
indirect enum PayloadTree: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    var key: String
    var value: PayloadTree
  }

  /// Nothing was set yet.
  case nothing
  case text(String)
  /// A number as it is written.
  case number(String)
  case object([Member])
  case list([PayloadTree])

  /// A step from a place to one within it.
  enum Step: Hashable, Sendable {
    case key(String)
    /// The last element of a list, or a new one.
    case element(isNew: Bool)
  }

  /// Puts `value` at the end of `steps`. False where something else stands there, or on the way; the tree is then of no use.
  mutating func set(_ value: PayloadTree, at steps: ArraySlice<Step>) -> Bool {
    guard let step = steps.first else {
      guard self == .nothing else { return self == value }
      self = value
      return true
    }
    let rest = steps.dropFirst()
    switch (step, self) {
    case (.key(let key), .nothing):
      self = .object([Member(key: key, value: .nothing)])
      return set(value, at: steps)
    case (.key(let key), .object(var members)):
      // Taken out while it is changed, so that nothing is copied.
      self = .nothing
      defer { self = .object(members) }
      if let place = members.firstIndex(where: { $0.key == key }) {
        return members[place].value.set(value, at: rest)
      }
      members.append(Member(key: key, value: .nothing))
      return members[members.count - 1].value.set(value, at: rest)
    case (.element, .nothing):
      self = .list([.nothing])
      return set(value, at: [.element(isNew: false)] + rest)
    case (.element(let isNew), .list(var elements)):
      self = .nothing
      defer { self = .list(elements) }
      if isNew { elements.append(.nothing) }
      return elements[elements.count - 1].set(value, at: rest)
    default: return false
    }
  }

  /// Whether something stands at the end of `steps`.
  func has(_ steps: ArraySlice<Step>) -> Bool {
    guard let step = steps.first else { return self != .nothing }
    switch (step, self) {
    case (.key(let key), .object(let members)):
      return members.first { $0.key == key }?.value.has(steps.dropFirst()) ?? false
    case (.element, .list(let elements)): return elements.last?.has(steps.dropFirst()) ?? false
    default: return false
    }
  }

  // MARK: - JSON

  func writeJSON(into buffer: inout [UInt8]) {
    switch self {
    case .nothing: buffer.append(contentsOf: "null".utf8)
    case .text(let text): Self.writeText(text, into: &buffer)
    case .number(let digits): buffer.append(contentsOf: digits.utf8)
    case .object(let members):
      buffer.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: ",")) }
        Self.writeText(member.key, into: &buffer)
        buffer.append(UInt8(ascii: ":"))
        member.value.writeJSON(into: &buffer)
      }
      buffer.append(UInt8(ascii: "}"))
    case .list(let elements):
      buffer.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: ",")) }
        element.writeJSON(into: &buffer)
      }
      buffer.append(UInt8(ascii: "]"))
    }
  }

  private static func writeText(_ text: String, into buffer: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    buffer.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: buffer += [0x5C, byte]
      case 0..<0x20:
        buffer.append(contentsOf: "\\u00".utf8)
        buffer += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: buffer.append(byte)
      }
    }
    buffer.append(UInt8(ascii: "\""))
  }

  // MARK: - Line protocol

  /// Appends the line of a record that has no other members than a line; false where it has.
  ///
  /// - Parameter measurement: What stands where the record has none.
  func writeLine(measurement: String, into buffer: inout [UInt8]) -> Bool {
    guard case .object(let members) = self else { return false }
    var name = measurement
    var tags: [Member] = []
    var fields: [Member] = []
    var timestamp: String?
    for member in members {
      switch (member.key, member.value) {
      case ("measurement", .text(let text)): name = text
      case ("tags", .object(let members)): tags = members
      case ("fields", .object(let members)): fields = members
      case ("timestamp", .number(let digits)): timestamp = digits
      default: return false
      }
    }
    guard !fields.isEmpty else { return false }
    Self.writeToken(name, escaping: ", ", into: &buffer)
    for tag in tags {
      guard case .text(let text) = tag.value else { return false }
      buffer.append(UInt8(ascii: ","))
      Self.writeToken(tag.key, escaping: ", =", into: &buffer)
      buffer.append(UInt8(ascii: "="))
      Self.writeToken(text, escaping: ", =", into: &buffer)
    }
    for (index, field) in fields.enumerated() {
      buffer.append(UInt8(ascii: index == 0 ? " " : ","))
      Self.writeToken(field.key, escaping: ", =", into: &buffer)
      buffer.append(UInt8(ascii: "="))
      switch field.value {
      case .number(let digits): buffer.append(contentsOf: digits.utf8)
      case .text(let text):
        buffer.append(UInt8(ascii: "\""))
        Self.writeToken(text, escaping: "\"\\", into: &buffer)
        buffer.append(UInt8(ascii: "\""))
      default: return false
      }
    }
    if let timestamp { buffer.append(contentsOf: " \(timestamp)".utf8) }
    return true
  }

  private static func writeToken(_ text: String, escaping escaped: String, into buffer: inout [UInt8]) {
    for byte in text.utf8 {
      if escaped.utf8.contains(byte) { buffer.append(0x5C) }
      buffer.append(byte)
    }
  }
}
