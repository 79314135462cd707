import Compute
import Files
import Telemetry
import Wording

extension ClusterTable {
  /// Reads `clusters.csv` and, where there is one, `cluster-nodes.csv`; names are for messages. Throws ``CSVError``.
  package init(
    _ text: String, name: String = ClusterTable.fileName, nodes: String? = nil,
    nodesName: String = ClusterTable.nodesFileName
  ) throws {
    var reader = try CSVReader(bytes: Array(text.utf8), path: name)
    let positions = try Self.columns.map { try reader.column($0) }
    var entries: [Entry] = []
    while let record = try reader.nextRow() {
      let fields = Dictionary(
        uniqueKeysWithValues: zip(Self.columns, positions.map { record.fields[$0] }))
      entries.append(try ClusterCells(path: name, line: record.line, fields: fields).entry())
    }
    self.init(entries)
    if let nodes { try read(nodes: nodes, name: nodesName) }
  }

  private mutating func read(nodes text: String, name: String) throws {
    var reader = try CSVReader(bytes: Array(text.utf8), path: name)
    let positions = try Self.nodeColumns.map { try reader.column($0) }
    var last: (row: Int, node: Int, end: Int64)?
    while let record = try reader.nextRow() {
      let fields = Dictionary(
        uniqueKeysWithValues: zip(Self.nodeColumns, positions.map { record.fields[$0] }))
      let cells = ClusterCells(path: name, line: record.line, fields: fields)
      let row = try cells.whole("row", atLeast: 1)
      guard row <= entries.count else {
        throw cells.fault("row", "is \(row), but \(Self.fileName) has \(entries.count) rows")
      }
      let node = try cells.whole("node", atLeast: 1)
      let state: NodeState = try cells.word("state")
      let from = Int64(try cells.whole("from_ms", atLeast: 0))
      let to = Int64(try cells.whole("to_ms", atLeast: 0))
      guard from <= to else { throw cells.fault("to_ms", "is \(to), before from_ms, \(from)") }
      let stretch = NodeLife.Stretch(state: state, from: .milliseconds(from))
      if let last, last == (row, node, from), state != .provisioning {
        let index = entries[row - 1].row.lives.count - 1
        entries[row - 1].row.lives[index].stretches.append(stretch)
        entries[row - 1].row.lives[index].end = .milliseconds(to)
      } else {
        entries[row - 1].row.lives.append(
          NodeLife(node: node, stretches: [stretch], end: .milliseconds(to)))
      }
      last = (row, node, to)
    }
  }
}

/// The cells of a line, by the names of their columns.
private struct ClusterCells {
  let path: String
  let line: Int
  let fields: [String: String]

  func entry() throws(CSVError) -> ClusterTable.Entry {
    var cell = ClusterCell(mode: try word("mode"), nodes: try whole("nodes", atLeast: 1))
    cell.target = text("target") ?? ""
    cell.region = text("region")
    cell.vmSize = text("vm_size")
    cell.tier = try word("tier")
    cell.minNodes = try whole("min_instances", atLeast: 0)
    cell.coresPerNode = try whole("cores_per_node", atLeast: 1)
    cell.miniBatchSize = text("mini_batch_size") ?? ""
    let makespan = try number("makespan_seconds")
    // Windows a second is windows by this time, so this is a whole number again but for the last bits.
    let windows = (try numberIfAny("windows_per_second") ?? 0) * makespan
    guard let windows = Int(exactly: windows.rounded()) else {
      throw fault("windows_per_second", "is too large")
    }
    var row = ClusterRow(
      cell: cell, repeats: try whole("repeats", atLeast: 0), makespanSeconds: makespan,
      makespanLowSeconds: try number("makespan_low_seconds"),
      makespanHighSeconds: try number("makespan_high_seconds"), windows: windows,
      nodeHours: try number("node_hours"))
    row.speedup = try numberIfAny("speedup")
    row.billedNodeHours = try numberIfAny("billed_node_hours")
    row.costUSD = try numberIfAny("cost_usd")
    row.costUSDPerMonth = try numberIfAny("cost_usd_per_month")
    var entry = ClusterTable.Entry(row: row, speed: try number("speed"))
    guard entry.speed > 0 else { throw fault("speed", "is \(entry.speed); it must be above 0") }
    entry.billing = text("billing")
    if let price = text("price_usd_h") {
      do throws(Dollars.TextFault) {
        entry.pricePerHour = try Dollars(text: price)
      } catch {
        throw fault("price_usd_h", "is \(price.quoted); it must be dollars an hour, such as 0.096")
      }
    }
    if let date = text("price_as_of") {
      guard let asOf = PriceDate(date) else {
        throw fault("price_as_of", "is \(date.quoted); it must be a day, a month, or undated")
      }
      entry.priceAsOf = asOf
    }
    return entry
  }

  func fault(_ column: String, _ reason: String) -> CSVError {
    CSVError(path: path, line: line, reason: "\(column) \(reason)")
  }

  /// Nil where the cell is empty.
  private func text(_ column: String) -> String? {
    fields[column].flatMap { $0.isEmpty ? nil : $0 }
  }

  func whole(_ column: String, atLeast least: Int) throws(CSVError) -> Int {
    let text = text(column) ?? ""
    guard let number = Int(text), number >= least else {
      throw fault(column, "is \(text.quoted); it must be \(LeastNumber(least).wanted)")
    }
    return number
  }

  func word<Word: RawRepresentable & CaseIterable>(_ column: String) throws(CSVError) -> Word
  where Word.RawValue == String {
    let text = text(column) ?? ""
    guard let word = Word(rawValue: text) else {
      throw fault(column, "is \(text.quoted); it must be one of \(Word.allCases.map(\.rawValue).listed)")
    }
    return word
  }

  private func number(_ column: String) throws(CSVError) -> Double {
    guard let number = try numberIfAny(column) else { throw fault(column, "is missing") }
    return number
  }

  private func numberIfAny(_ column: String) throws(CSVError) -> Double? {
    guard let text = text(column) else { return nil }
    guard let number = DecimalText.double(text), number >= 0 else {
      throw fault(column, "is \(text.quoted); it must be a number of at least 0")
    }
    return number
  }
}
