import Files
import Wording

/// The cells of a row of a price table, in the order of ``PriceTable/columns``.
struct PriceCells {
  let path: String
  let line: Int
  let fields: [String]

  func row() throws(CSVError) -> PriceRow {
    PriceRow(
      provider: try name("provider"), region: try name("region"), vmSize: try name("vm_size"),
      vcpu: try vcpu(), memoryGiB: try memory(), architecture: cell("arch"),
      dedicated: try price("dedicated_usd_h"), lowPriority: try priceIfAny("low_priority_usd_h"),
      spot: try priceIfAny("spot_usd_h"), dedicatedAsOf: try date("dedicated_as_of"),
      discountAsOf: try date("discount_as_of"),
      sources: cell("sources").split(separator: "+").map(String.init), line: line)
  }

  private func cell(_ column: String) -> String {
    var text = fields[PriceTable.columns.firstIndex(of: column)!][...]
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }

  private func fault(_ column: String, _ reason: String) -> CSVError {
    CSVError(path: path, line: line, reason: "\(column) \(reason)")
  }

  private func name(_ column: String) throws(CSVError) -> String {
    let text = cell(column)
    guard !text.isEmpty else { throw fault(column, "is missing") }
    return text
  }

  private func vcpu() throws(CSVError) -> Int {
    let text = try name("vcpu")
    let least = LeastNumber(1)
    guard let number = Int(text), least.accepted(number) != nil else {
      throw fault("vcpu", "is \(text.quoted); it must be \(least.wanted)")
    }
    return number
  }

  private func memory() throws(CSVError) -> Double? {
    let text = cell("memory_gib")
    guard !text.isEmpty else { return nil }
    guard let number = DecimalText.double(text), number > 0 else {
      throw fault(
        "memory_gib", "is \(text.quoted); it must be a number above 0, or empty where it is not known")
    }
    return number
  }

  private func price(_ column: String) throws(CSVError) -> Dollars {
    let text = cell(column)
    do throws(Dollars.TextFault) {
      let price = try Dollars(text: text)
      guard price <= PriceTable.highestPrice else { throw .tooLarge }
      return price
    } catch {
      switch error {
      case .missing: throw fault(column, "is missing; every size needs a dedicated price")
      case .negative: throw fault(column, "is \(text.quoted); a price cannot be negative")
      case .notANumber:
        throw fault(
          column, "is \(text.quoted); it must be dollars an hour as a decimal number, such as 0.096")
      case .tooManyDigits:
        throw fault(
          column, "is \(text.quoted); a price has \(Dollars.digits) digits after the point at most")
      case .tooLarge:
        throw fault(
          column,
          "is \(text.quoted); an hour of a virtual machine costs \(PriceTable.highestPrice.text()) dollars at most"
        )
      }
    }
  }

  private func priceIfAny(_ column: String) throws(CSVError) -> Dollars? {
    cell(column).isEmpty ? nil : try price(column)
  }

  private func date(_ column: String) throws(CSVError) -> PriceDate {
    let text = cell(column)
    guard let date = PriceDate(text) else {
      throw fault(
        column, "is \(text.quoted); it must be a day such as 2026-06-18, a month such as 2026-06, or undated")
    }
    return date
  }
}
