import Wording

/// A CSV file that is not what it should be: which line, and why.
package struct CSVError: ExitingError {
  package let path: String
  /// From 1; the header is line 1.
  package let line: Int
  package let reason: String

  package init(path: String, line: Int, reason: String) {
    self.path = path
    self.line = line
    self.reason = reason
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String { "\(path):\(line): \(reason)" }
}

/// Reads CSV (RFC 4180) row by row: quoted fields, doubled quotes, line breaks inside quotes, CRLF or LF, and any
/// one-byte delimiter. Every row must have as many fields as the header. Written here because errors must name the
/// line, and recordings are too long to be held as dictionaries.
package struct CSVReader: Sequence, IteratorProtocol {
  /// A data row.
  package struct Row {
    /// The line on which the row begins, from 1.
    package let line: Int
    package let fields: [String]
  }

  package let path: String
  /// The names of the columns: the first row, without blanks around them.
  package let header: [String]
  private let bytes: [UInt8]
  private let delimiter: UInt8
  private var offset = 0
  private var line = 1
  /// What was wrong with the row at which iteration ended; nil at the end of a sound file. Look at it after the last row.
  package private(set) var failure: CSVError?

  /// Opens the file at `path`. Throws ``FileError`` where it cannot be read and ``CSVError`` where it has no header.
  package init(path: String, delimiter: Character = ",") throws {
    try self.init(bytes: TextFile.bytes(of: path), path: path, delimiter: delimiter)
  }

  /// Reads `bytes`; `path` is only for messages.
  package init(bytes: [UInt8], path: String, delimiter: Character = ",") throws {
    guard let separator = delimiter.asciiValue, separator != 0x22, separator != 0x0A, separator != 0x0D else {
      throw CSVError(path: path, line: 1, reason: "the delimiter must be one ASCII character")
    }
    self.bytes = bytes
    self.path = path
    self.delimiter = separator
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    var scanner = RowScanner(bytes: bytes, delimiter: separator, offset: offset, line: 1, path: path)
    guard let first = try scanner.next() else {
      throw CSVError(path: path, line: 1, reason: "the file is empty; a header line was expected")
    }
    header = first.fields.map(Self.withoutBlanks)
    offset = scanner.offset
    line = scanner.line
  }

  /// The position of the column called `name`. Throws ``CSVError`` naming the columns there are, also where two have
  /// that name.
  package func column(_ name: String) throws(CSVError) -> Int {
    guard let index = header.firstIndex(of: name) else {
      throw CSVError(
        path: path, line: 1, reason: "there is no column \(name.quoted); \(columnNames)")
    }
    guard header.lastIndex(of: name) == index else {
      throw CSVError(path: path, line: 1, reason: "there are two columns \(name.quoted)")
    }
    return index
  }

  /// The columns in a sentence, for messages: so many as can be read, each as far as it is a name.
  package var columnNames: String {
    var text = "the columns are \(header.listed)"
    if header.count == 1, let other = [";", "\t", ",", "|"].first(where: header[0].contains) {
      text += "; fields seem to be separated by “\(other == "\t" ? "tab" : other)”"
    }
    return text
  }

  private static func withoutBlanks(_ name: String) -> String {
    let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" }
    let start = name.unicodeScalars.drop(while: isBlank)
    guard let end = start.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(start[...end])
  }

  package mutating func next() -> Row? {
    guard failure == nil else { return nil }
    var scanner = RowScanner(bytes: bytes, delimiter: delimiter, offset: offset, line: line, path: path)
    do throws(CSVError) {
      guard let row = try scanner.next() else { return nil }
      guard row.fields.count == header.count else {
        throw CSVError(
          path: path, line: row.line, reason: "\(row.fields.count) fields, but the header has \(header.count)"
        )
      }
      offset = scanner.offset
      line = scanner.line
      return row
    } catch {
      failure = error
      return nil
    }
  }

  /// The next row, or nil at the end. Throws ``CSVError`` where the row is broken.
  package mutating func nextRow() throws(CSVError) -> Row? {
    if let row = next() { return row }
    if let failure { throw failure }
    return nil
  }
}

private struct RowScanner {
  let bytes: [UInt8]
  let delimiter: UInt8
  var offset: Int
  var line: Int
  let path: String

  mutating func next() throws(CSVError) -> CSVReader.Row? {
    skipBlankLines()
    guard offset < bytes.count else { return nil }
    let first = line
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard offset < bytes.count else { break }
      let separator = bytes[offset]
      offset += 1
      if separator == delimiter { continue }
      if separator == 0x0D, offset < bytes.count, bytes[offset] == 0x0A { offset += 1 }
      line += 1
      break
    }
    return CSVReader.Row(line: first, fields: fields)
  }

  private mutating func skipBlankLines() {
    while offset < bytes.count, bytes[offset] == 0x0A || bytes[offset] == 0x0D {
      if bytes[offset] == 0x0A { line += 1 }
      offset += 1
    }
  }

  /// One field, up to but not including its separator.
  private mutating func field() throws(CSVError) -> String {
    var text: [UInt8] = []
    if offset < bytes.count, bytes[offset] == 0x22 {
      let opened = line
      offset += 1
      while true {
        guard offset < bytes.count else {
          throw CSVError(path: path, line: opened, reason: "a quoted field is never closed")
        }
        let byte = bytes[offset]
        offset += 1
        if byte == 0x22 {
          guard offset < bytes.count, bytes[offset] == 0x22 else { break }
          offset += 1
        } else if byte == 0x0A {
          line += 1
        }
        text.append(byte)
      }
      guard offset >= bytes.count || isSeparator(bytes[offset]) else {
        throw CSVError(path: path, line: line, reason: "text follows the closing quote of a field")
      }
    } else {
      let start = offset
      while offset < bytes.count, !isSeparator(bytes[offset]) { offset += 1 }
      text = Array(bytes[start..<offset])
    }
    guard let string = String(validating: text, as: UTF8.self) else {
      throw CSVError(path: path, line: line, reason: "a field is not UTF-8")
    }
    return string
  }

  private func isSeparator(_ byte: UInt8) -> Bool { byte == delimiter || byte == 0x0A || byte == 0x0D }
}

/// Writes CSV fields as RFC 4180 asks: quoted only where they must be.
package enum CSVWriter {
  /// `fields` as one line, ended by a line feed.
  package static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  private static func quoted(_ field: String) -> String {
    let needsQuotes = field.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
    guard needsQuotes else { return field }
    // By scalars: a quote and a mark that combines with it are one character.
    var text = "\""
    for scalar in field.unicodeScalars {
      if scalar == "\"" { text.unicodeScalars.append(scalar) }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }
}
