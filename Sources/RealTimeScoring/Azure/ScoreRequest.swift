import HTTP
import Wording

/// A request to `/score`, as clients of Azure's online endpoints write it.
struct ScoreRequest: Hashable, Sendable {
  /// The form of the body, which settles the form of the answer.
  enum Form: Hashable, Sendable {
    /// `{"data": [[…], …]}` and `{"input_data": {"columns": […], "index": […], "data": [[…], …]}}`: a list comes back.
    case table
    /// `{"Inputs": {"WebServiceInput0": [{…}, …]}}`, as Stream Analytics writes it: `Results` come back.
    case webService
  }

  var form: Form
  var rows: RequestRows

  /// Reads a body. Throws ``RequestFault``.
  init(_ body: [UInt8]) throws(RequestFault) {
    do {
      (form, rows) = try body.withUnsafeBufferPointer(Self.read)
    } catch let fault as JSONFault {
      throw RequestFault(fault)
    } catch let fault as RequestFault {
      throw fault
    } catch {
      throw RequestFault("\(error)")
    }
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws -> (Form, RequestRows) {
    var scanner = JSONScanner(bytes)
    var found: (Form, RequestRows)?
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      let isWebService = scanner.isEqual(key, "Inputs")
      guard
        isWebService || scanner.isEqual(key, "data") || scanner.isEqual(key, "input_data")
          || scanner.isEqual(key, "dataframe_split")
      else {
        try scanner.skipValue()
        continue
      }
      guard found == nil else { throw RequestFault("the body has two tables; give one") }
      found = isWebService ? (.webService, try input(&scanner)) : (.table, try TableReader.rows(&scanner))
    }
    try scanner.finish()
    guard let found else {
      throw RequestFault(
        "the body has no rows; give {\"data\": [[…], …]}, {\"input_data\": {\"columns\": […], \"data\": [[…], …]}} or "
          + "{\"Inputs\": {\"WebServiceInput0\": [{…}, …]}}")
    }
    return found
  }

  /// The one input among those of a web service.
  private static func input(_ scanner: inout JSONScanner) throws -> RequestRows {
    var rows: RequestRows?
    try scanner.beginObject()
    var isFirst = true
    while let key = try scanner.key(isFirst: &isFirst) {
      guard rows == nil else {
        throw RequestFault("Inputs has \(try scanner.decoded(key).quoted) too; give one input")
      }
      rows = try TableReader.rows(&scanner)
    }
    guard let rows else { throw RequestFault("Inputs has no input") }
    return rows
  }
}
