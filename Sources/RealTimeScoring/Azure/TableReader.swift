import HTTP
import Wording

/// Reads tables out of JSON, as clients of Azure's endpoints write them: a list of lists, a list of objects, or columns and data apart.
struct TableReader {
  /// Nil where nobody has named the columns.
  private var columns: [String]?
  private var width: Int?
  private var values: [Double] = []
  private var count = 0
  /// In which row each column was read last, where rows are objects.
  private var lastRows: [Int] = []
  /// Cells that are texts, in their order.
  private var texts: [(cell: Int, text: String)] = []

  /// Reads a table, which comes next. Throws ``JSONFault`` and ``RequestFault``.
  static func rows(_ scanner: inout JSONScanner) throws -> RequestRows {
    var reader = TableReader()
    if scanner.peek() == 0x7B { try reader.readSplit(&scanner) } else { try reader.readList(&scanner) }
    return try reader.rows()
  }

  /// Columns and data apart, in any order.
  private mutating func readSplit(_ scanner: inout JSONScanner) throws {
    var hasData = false
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      if scanner.isEqual(key, "columns") || scanner.isEqual(key, "ColumnNames") {
        var names: [String] = []
        try scanner.beginArray()
        var isFirst = true
        while try scanner.element(isFirst: &isFirst) {
          guard names.count < ServingDefaults.mostColumns else { throw Self.tooManyColumns }
          names.append(try scanner.decoded(try scanner.text()))
        }
        guard Set(names).count == names.count else { throw RequestFault("two columns have the same name") }
        columns = names
      } else if scanner.isEqual(key, "data") || scanner.isEqual(key, "Values") {
        guard !hasData else { throw scanner.fault("data once") }
        hasData = true
        try readList(&scanner)
      } else {
        try scanner.skipValue()
      }
    }
    guard hasData else { throw RequestFault("the table has no data") }
    guard let columns, let width else { return }
    guard columns.count == width else {
      throw RequestFault("there are \(columns.count) columns, and the rows have \(width) values")
    }
  }

  private mutating func readList(_ scanner: inout JSONScanner) throws {
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) {
      switch scanner.peek() {
      case 0x5B: try readRow(&scanner)
      case 0x7B: try readObject(&scanner)
      default:
        throw RequestFault(
          "row \(count) is neither a list nor an object; give a list of rows: [[1.5, 2, …], …]")
      }
      count += 1
    }
  }

  private mutating func readRow(_ scanner: inout JSONScanner) throws {
    let start = values.count
    try scanner.beginArray()
    var isFirst = true
    while try scanner.element(isFirst: &isFirst) { try values.append(cell(&scanner, values.count)) }
    let found = values.count - start
    guard found <= ServingDefaults.mostColumns else { throw Self.tooManyColumns }
    if let width, width != found {
      throw RequestFault("row \(count) has \(found) values, and the rows before it have \(width)")
    }
    width = found
  }

  /// The keys of the first row are the columns.
  private mutating func readObject(_ scanner: inout JSONScanner) throws {
    if let columns, width != nil {
      let start = values.count
      values.append(contentsOf: repeatElement(.nan, count: columns.count))
      try scanner.beginObject()
      var isFirst = true
      var expected = 0
      while let key = try scanner.key(isFirst: &isFirst) {
        // Mostly the keys come in the same order in each row.
        let guess =
          expected < columns.count && scanner.isEqual(key, columns[expected])
          ? expected : columns.firstIndex { scanner.isEqual(key, $0) }
        guard let place = guess else {
          try scanner.skipValue()
          continue
        }
        guard lastRows[place] != count else {
          throw RequestFault("row \(count) has \(columns[place].quoted) twice")
        }
        lastRows[place] = count
        expected = place + 1
        values[start + place] = try cell(&scanner, start + place)
      }
    } else {
      guard columns == nil else { throw RequestFault("the rows name their columns, and the table too") }
      guard width == nil else {
        throw RequestFault("row \(count) is an object, and the rows before it are lists")
      }
      var names: [String] = []
      try scanner.beginObject()
      var isFirst = true
      while let key = try scanner.key(isFirst: &isFirst) {
        let name = try scanner.decoded(key)
        guard !names.contains(name) else { throw RequestFault("row \(count) has \(name.quoted) twice") }
        guard names.count < ServingDefaults.mostColumns else { throw Self.tooManyColumns }
        names.append(name)
        try values.append(cell(&scanner, values.count))
      }
      columns = names
      width = names.count
      lastRows = Array(repeating: count, count: names.count)
    }
  }

  /// The number in a cell; NaN for what is none.
  private mutating func cell(_ scanner: inout JSONScanner, _ index: Int) throws -> Double {
    if scanner.isNumberNext() { return try scanner.number() }
    switch scanner.peek() {
    case 0x22: texts.append((index, try scanner.decoded(try scanner.text())))
    case 0x5B, 0x7B:
      throw RequestFault("row \(count) has a list or an object in place of a number")
    case 0x74, 0x66: return try scanner.bool() ? 1 : 0
    default: guard scanner.skip("null") else { throw scanner.fault("a number") }
    }
    return .nan
  }

  private static var tooManyColumns: RequestFault {
    RequestFault("a row has more than \(ServingDefaults.mostColumns) columns")
  }

  private func rows() throws(RequestFault) -> RequestRows {
    let width = width ?? columns?.count ?? 0
    var rows = RequestRows(columns: columns, width: width, values: values, count: count)
    if let columns {
      rows.devices = try texts(of: RequestRows.deviceColumn, in: columns)
      rows.sensors = try texts(of: RequestRows.sensorColumn, in: columns)
      return rows
    }
    guard !texts.isEmpty else { return rows }
    // A device before the features of each row.
    guard width > 0, texts.count == count,
      texts.enumerated().allSatisfy({ $0.element.cell == $0.offset * width })
    else {
      let row = (texts.first?.cell ?? 0) / max(1, width)
      throw RequestFault(
        "row \(row) has the text \((texts.first?.text ?? "").quoted) in place of a number; only the first value of every row may be "
          + "a text, the device")
    }
    rows.devices = texts.map(\.text)
    rows.width = width - 1
    rows.values = values.indices.filter { !$0.isMultiple(of: width) }.map { values[$0] }
    return rows
  }

  /// A text a row out of the column called `name`; none where there is no such column.
  private func texts(of name: String, in columns: [String]) throws(RequestFault) -> [String] {
    guard let column = columns.firstIndex(of: name), count > 0 else { return [] }
    let found = texts.filter { $0.cell % columns.count == column }
    guard found.count == count else {
      let rows = Set(found.map { $0.cell / columns.count })
      let row = (0..<count).first { !rows.contains($0) } ?? 0
      throw RequestFault("row \(row) has no text in the column \(name)")
    }
    return found.sorted { $0.cell < $1.cell }.map(\.text)
  }
}
