import Files
import Telemetry
import Wording

/// What virtual machines cost: the rows of a CSV file with the columns of `Data/prices.csv`. Nothing is downloaded.
package struct PriceTable: Sendable {
  /// What messages call it: the path of its file.
  package let name: String
  /// As in the file, at least one.
  package let rows: [PriceRow]

  /// The columns, all of which a file must have: a misspelt one would silently take its prices with it. Others are not looked at.
  package static let columns = [
    "provider", "region", "vm_size", "vcpu", "memory_gib", "arch", "dedicated_usd_h", "low_priority_usd_h",
    "spot_usd_h", "dedicated_as_of", "discount_as_of", "sources",
  ]
  /// The most that an hour may cost. The dearest virtual machines cost some hundred dollars; beyond this it is no price an hour.
  package static let highestPrice = Dollars(billionths: 10_000_000_000_000)

  /// The project's own table, `Data/prices.csv`, which is a part of the program and so found from every folder.
  package static func builtIn() throws -> PriceTable {
    try PriceTable(bytes: Array(builtInText.utf8), name: "Data/prices.csv")
  }

  /// Reads the file at `path`. Throws ``FileError`` and ``CSVError``.
  package init(path: String) throws {
    try self.init(bytes: TextFile.bytes(of: path), name: path)
  }

  /// Reads `bytes`; `name` is for messages. Throws ``CSVError``.
  package init(bytes: [UInt8], name: String) throws {
    var reader = try CSVReader(bytes: bytes, path: name)
    let positions = try Self.columns.map { try reader.column($0) }
    var rows: [PriceRow] = []
    var lines: [[String]: Int] = [:]
    while let record = try reader.nextRow() {
      let cells = PriceCells(path: name, line: record.line, fields: positions.map { record.fields[$0] })
      let row = try cells.row()
      if let first = lines.updateValue(row.line, forKey: [row.provider, row.region, row.vmSize]) {
        throw CSVError(
          path: name, line: row.line,
          reason:
            "\(row.vmSize.quoted) of \(row.provider.quoted) in \(row.region.quoted) has a price already, in line \(first)"
        )
      }
      rows.append(row)
    }
    guard !rows.isEmpty else {
      throw CSVError(path: name, line: 1, reason: "there is a header, but no price")
    }
    self.name = name
    self.rows = rows
  }

  /// The row of a size in a region. `provider` is needed only where two of them have a region of that name. Throws
  /// ``PriceLookupError``, which names what was probably meant.
  package func row(
    region: String, vmSize: String, provider: String? = nil
  ) throws(PriceLookupError) -> PriceRow {
    let offered = rows.filter { provider == nil || $0.provider == provider }
    if let provider, offered.isEmpty {
      throw unknown("provider", provider, among: rows.map(\.provider))
    }
    let here = offered.filter { $0.region == region }
    guard !here.isEmpty else { throw unknown("region", region, among: offered.map(\.region)) }
    let found = here.filter { $0.vmSize == vmSize }
    if found.count > 1 {
      throw PriceLookupError(
        table: name,
        reason:
          "\(vmSize.quoted) in \(region.quoted) is a size of several providers: \(found.map(\.provider).listed)"
      )
    }
    if let row = found.first { return row }
    let elsewhere = offered.filter { $0.vmSize == vmSize }.map(\.region)
    guard elsewhere.isEmpty else {
      throw PriceLookupError(
        table: name,
        reason: "there is no price of \(vmSize.quoted) in \(region.quoted), but in \(elsewhere.listed)")
    }
    throw unknown("VM size", vmSize, among: here.map(\.vmSize), of: " in \(region.quoted)")
  }

  /// An hour of a node. Throws ``PriceLookupError``.
  package func price(
    region: String, vmSize: String, tier: ClusterTier, provider: String? = nil
  ) throws(PriceLookupError) -> Dollars {
    let row = try row(region: region, vmSize: vmSize, provider: provider)
    guard let price = row.price(tier) else {
      let known = ClusterTier.allCases.filter { row.price($0) != nil }.map(\.rawValue)
      throw PriceLookupError(
        table: name, line: row.line,
        reason:
          "\(vmSize.quoted) in \(region.quoted) has no price for the tier \(tier.rawValue); it has one for \(known.listed)"
      )
    }
    return price
  }

  private func unknown(
    _ kind: String, _ value: String, among names: [String], of place: String = ""
  ) -> PriceLookupError {
    let known = Set(names).sorted()
    let meant = NearestName.of(value, among: known).map { "; did you mean \($0.quoted)?" }
    return PriceLookupError(
      table: name,
      reason: "there is no \(kind) \(value.quoted)\(place)\(meant ?? "; known are \(known.listed)")")
  }
}

/// A price that a ``PriceTable`` does not have.
package struct PriceLookupError: ExitingError, Hashable {
  package let table: String
  package var line: Int?
  package let reason: String

  package init(table: String, line: Int? = nil, reason: String) {
    self.table = table
    self.line = line
    self.reason = reason
  }

  package var exitStatus: ExitStatus { .usage }

  package var description: String { "\(table)\(line.map { ":\($0)" } ?? ""): \(reason)" }
}
