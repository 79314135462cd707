import Telemetry
import Wording

/// InfluxDB's line protocol: `measurement,tag=value field=1.5,other=2i 1767225600000000000`.
extension EntryDecoder {
  private struct LineFault: Error {
    var offset: Int
    var expected: String
  }

  /// A line that was read, before anything of it is taken.
  struct Line: Sendable {
    var measurement = PayloadSpan(0..<0)
    var tags: [(key: PayloadSpan, value: PayloadSpan)] = []
    var fields: [(key: PayloadSpan, value: PayloadScalar)] = []
    var timestamp: PayloadSpan?
  }

  /// Takes each line as a record. One that cannot be read costs itself alone.
  mutating func lines(_ payload: UnsafeBufferPointer<UInt8>) {
    var offset = 0
    var number = 0
    while offset < payload.count {
      number += 1
      let start = offset
      while offset < payload.count, Self.isSpace(payload[offset]) { offset += 1 }
      let isEmpty = offset == payload.count || payload[offset] == 0x0A || payload[offset] == 0x23
      if !isEmpty {
        do throws(LineFault) {
          try readLine(payload, &offset)
          beginRecord(PathTree.root, place: number)
          if current >= 0 { takeLine(payload) }
          // Texts may hold ends of lines.
          number += payload[start..<offset].count { $0 == 0x0A }
          current = -1
        } catch {
          beginRecord(PathTree.root, place: number)
          refuse(PathTree.root) { _ in
            "line \(number) cannot be read: \(error.expected) was expected at byte \(error.offset - start + 1)"
          }
          if current >= 0 { records[current].isBroken = true }
          current = -1
          offset = Self.endOfBroken(payload, from: start)
          number += payload[start..<offset].count { $0 == 0x0A }
        }
      }
      while offset < payload.count, payload[offset] != 0x0A { offset += 1 }
      offset += 1
    }
  }

  /// Where a line that cannot be read ends: at its first line feed that is in no text, for what stands in a text is no line. A text
  /// that does not end is none.
  private static func endOfBroken(_ payload: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var offset = start
    while offset < payload.count, isSpace(payload[offset]) { offset += 1 }
    // In a measurement, and in names and values of tags, a quotation mark is a character as any other.
    var isInFields = false
    while offset < payload.count, payload[offset] != 0x0A {
      switch payload[offset] {
      case 0x5C where !isInFields && offset + 1 < payload.count && payload[offset + 1] == 0x20: offset += 1
      case 0x20: isInFields = true
      case 0x22 where isInFields && payload[offset - 1] == 0x3D:
        if let end = endOfText(payload, from: offset) { offset = end }
      default: break
      }
      offset += 1
    }
    return offset
  }

  /// The place of the quotation mark that ends the text which begins with that at `start`; nil where none does.
  private static func endOfText(_ payload: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var offset = start + 1
    while offset < payload.count {
      if payload[offset] == 0x22 { return offset }
      offset += payload[offset] == 0x5C ? 2 : 1
    }
    return nil
  }

  /// Takes ``line``.
  private mutating func takeLine(_ payload: UnsafeBufferPointer<UInt8>) {
    let line = line
    var before = -1
    before = member(PathTree.root, "measurement", after: before)
    take(PayloadScalar(kind: .text, text: line.measurement), before, payload)
    before = member(PathTree.root, "tags", after: before)
    if tree.nodes[before].slotCount > 0 { noteContainer(before) }
    if tree.nodes[before].isOfUse {
      var tag = -1
      for (key, value) in line.tags {
        tag = member(before, key, payload, after: tag)
        take(PayloadScalar(kind: .text, text: value), tag, payload)
      }
    }
    before = member(PathTree.root, "fields", after: before)
    if tree.nodes[before].slotCount > 0 { noteContainer(before) }
    if tree.nodes[before].isOfUse {
      var field = -1
      for (key, value) in line.fields {
        field = member(before, key, payload, after: field)
        take(value, field, payload)
      }
    }
    guard let timestamp = line.timestamp else { return }
    before = member(PathTree.root, "timestamp", after: before)
    // Nobody asks for the double of nanoseconds, which is slow to make.
    let isValue = tree.nodes[before].rule >= 0 || timestamp.length <= Found.mostWholeDigits
    let number =
      isValue
      ? withBytes(of: timestamp, payload) { digits in
        var offset = 0
        return DecimalScanner.number(digits, &offset)
      } : nil
    take(PayloadScalar(kind: .number, number: number ?? 0, text: timestamp), before, payload)
  }

  private mutating func member(_ parent: Int, _ name: StaticString, after before: Int) -> Int {
    tree.member(
      parent, UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), after: before)
  }

  private mutating func member(
    _ parent: Int, _ key: PayloadSpan, _ payload: UnsafeBufferPointer<UInt8>, after before: Int
  ) -> Int {
    guard key.isOwn else {
      return tree.member(parent, UnsafeBufferPointer(rebasing: payload[key.range]), after: before)
    }
    let name = Array(own[key.range])
    return name.withUnsafeBufferPointer { tree.member(parent, $0, after: before) }
  }

  // MARK: - A line

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// Reads a line into ``line``.
  private mutating func readLine(_ payload: UnsafeBufferPointer<UInt8>, _ offset: inout Int)
    throws(LineFault)
  {
    func skip(_ byte: UInt8) -> Bool {
      guard offset < payload.count, payload[offset] == byte else { return false }
      offset += 1
      return true
    }
    func skipSpaces() { while offset < payload.count, Self.isSpace(payload[offset]) { offset += 1 } }
    line.tags.removeAll(keepingCapacity: true)
    line.fields.removeAll(keepingCapacity: true)
    line.timestamp = nil
    line.measurement = try token(payload, &offset, "a measurement", isMeasurement: true)
    while skip(0x2C) {
      let key = try token(payload, &offset, "the name of a tag")
      guard skip(0x3D) else { throw LineFault(offset: offset, expected: "“=”") }
      line.tags.append((key, try token(payload, &offset, "the value of a tag")))
    }
    guard skip(0x20) else { throw LineFault(offset: offset, expected: "a space before the fields") }
    skipSpaces()
    repeat {
      let key = try token(payload, &offset, "the name of a field")
      guard skip(0x3D) else { throw LineFault(offset: offset, expected: "“=”") }
      line.fields.append((key, try field(payload, &offset)))
    } while skip(0x2C)
    let end = offset
    skipSpaces()
    if offset < payload.count, payload[offset] != 0x0A {
      guard offset > end else { throw LineFault(offset: offset, expected: "“,” or a space") }
      let start = offset
      _ = skip(0x2D)
      let first = offset
      while offset < payload.count, payload[offset] >= 0x30, payload[offset] <= 0x39 { offset += 1 }
      guard offset > first else { throw LineFault(offset: offset, expected: "a timestamp") }
      line.timestamp = PayloadSpan(start..<offset)
      skipSpaces()
      guard offset == payload.count || payload[offset] == 0x0A else {
        throw LineFault(offset: offset, expected: "the end of the line")
      }
    }
  }

  /// A measurement, a name, or the value of a tag: up to a comma, a space or, where it may be one, an equals sign. A backslash takes
  /// the meaning from these.
  private mutating func token(
    _ payload: UnsafeBufferPointer<UInt8>, _ offset: inout Int, _ meaning: String, isMeasurement: Bool = false
  ) throws(LineFault) -> PayloadSpan {
    func ends(_ byte: UInt8) -> Bool {
      byte == 0x2C || byte == 0x20 || byte == 0x0A || (byte == 0x3D && !isMeasurement)
    }
    let start = offset
    var isEscaped = false
    while offset < payload.count, !ends(payload[offset]) {
      if payload[offset] == 0x5C, offset + 1 < payload.count, ends(payload[offset + 1]),
        payload[offset + 1] != 0x0A
      {
        isEscaped = true
        offset += 1
      }
      offset += 1
    }
    var end = offset
    if end < payload.count, payload[end] == 0x0A, end > start, payload[end - 1] == 0x0D { end -= 1 }
    guard end > start else { throw LineFault(offset: offset, expected: meaning) }
    guard isEscaped else { return PayloadSpan(start..<end) }
    let ownStart = own.count
    var index = start
    while index < end {
      if payload[index] == 0x5C, index + 1 < end, ends(payload[index + 1]) { index += 1 }
      own.append(payload[index])
      index += 1
    }
    return PayloadSpan(ownStart..<own.count, isOwn: true)
  }

  private mutating func field(_ payload: UnsafeBufferPointer<UInt8>, _ offset: inout Int) throws(LineFault)
    -> PayloadScalar
  {
    if offset < payload.count, payload[offset] == 0x22 { return try quoted(payload, &offset) }
    let start = offset
    while offset < payload.count, payload[offset] != 0x2C, payload[offset] != 0x0A,
      !Self.isSpace(payload[offset])
    {
      offset += 1
    }
    let text = UnsafeBufferPointer(rebasing: payload[start..<offset])
    if let isTrue = Self.boolean(text) { return boolean(isTrue) }
    if let last = text.last, last == 0x69 || last == 0x75 {
      guard let number = FieldNumber.whole(text) else {
        throw LineFault(
          offset: start, expected: "a whole number before “\(Character(Unicode.Scalar(last)))”")
      }
      return PayloadScalar(kind: .number, number: number, text: PayloadSpan(start..<offset - 1))
    }
    let scalar = word(payload, start..<offset)
    if scalar.kind == .number || scalar.kind == .tooLarge || scalar.kind == .notFinite { return scalar }
    guard let number = shortenedNumber(text) else {
      throw LineFault(offset: start, expected: "a value")
    }
    return number
  }

  /// A number that JSON would spell otherwise: it is written to ``own`` as JSON has it. Nil for other texts.
  private mutating func shortenedNumber(_ text: UnsafeBufferPointer<UInt8>) -> PayloadScalar? {
    let start = own.count
    guard FieldNumber.spell(text, to: &own) else { return nil }
    let scalar = own.withUnsafeBufferPointer { own in
      var cursor = PayloadCursor(UnsafeBufferPointer(rebasing: own[start...]))
      var unused: [UInt8] = []
      let scalar = try? cursor.scalar(&unused)
      return cursor.next == nil ? scalar : nil
    }
    guard let scalar else {
      own.removeLast(own.count - start)
      return nil
    }
    return PayloadScalar(
      kind: scalar.kind, number: scalar.number, text: PayloadSpan(start..<own.count, isOwn: true))
  }

  private static func boolean(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
    guard let first = text.first, [0x74, 0x66].contains(first | 0x20), text.count <= 5 else { return nil }
    return switch String(decoding: text, as: UTF8.self) {
    case "t", "T", "true", "True", "TRUE": true
    case "f", "F", "false", "False", "FALSE": false
    default: nil
    }
  }

  /// Booleans have one spelling, whatever the line's.
  private mutating func boolean(_ isTrue: Bool) -> PayloadScalar {
    let start = own.count
    own.append(contentsOf: (isTrue ? "true" : "false").utf8)
    return PayloadScalar(kind: isTrue ? .isTrue : .isFalse, text: PayloadSpan(start..<own.count, isOwn: true))
  }

  /// A text in quotation marks, in which `\"` and `\\` stand for a quotation mark and a backslash.
  private mutating func quoted(_ payload: UnsafeBufferPointer<UInt8>, _ offset: inout Int) throws(LineFault)
    -> PayloadScalar
  {
    let begin = offset
    offset += 1
    let start = own.count
    while offset < payload.count {
      var byte = payload[offset]
      offset += 1
      if byte == 0x22 {
        return PayloadScalar(kind: .text, text: PayloadSpan(start..<own.count, isOwn: true))
      }
      if byte == 0x5C, offset < payload.count, payload[offset] == 0x22 || payload[offset] == 0x5C {
        byte = payload[offset]
        offset += 1
      }
      own.append(byte)
    }
    throw LineFault(offset: begin, expected: "a text that ends with a quotation mark")
  }
}
