import HTTP
import OneClassSVM
import Wording

/// One model of a deployment, in memory.
struct ServedModel: Sendable {
  /// What requests call it: the device's name, or the stem of its files for the model of a sensor.
  let name: String
  let function: DecisionFunction
  /// Which state of its files it was read from.
  let stamp: ModelFile.Stamp?

  /// Adds the scores of rows `range` of `rows`. Throws ``RequestFault`` where they are no rows for this model.
  func score(_ rows: RequestRows, _ range: Range<Int>, into scores: inout [Double]) throws(RequestFault) {
    let width = function.featureCount
    let start = scores.count
    if let columns = rows.columns {
      let places = try places(in: columns)
      var values: [Double] = []
      values.reserveCapacity(range.count * width)
      for row in range {
        let first = row * rows.width
        for place in places { values.append(rows.values[first + place]) }
      }
      try decide(values.span, range.count, into: &scores)
    } else {
      guard rows.width == width else {
        throw RequestFault(
          .badRequest,
          "the rows have \(rows.width) values, but the model \(name) has \(width) features: "
            + function.featureNames.listed)
      }
      try decide(
        rows.values.span.extracting(range.lowerBound * width..<range.upperBound * width), range.count,
        into: &scores)
    }
    for index in start..<scores.count where scores[index].isNaN {
      throw fault(ofRow: range.lowerBound + index - start, in: rows)
    }
  }

  private func decide(_ values: Span<Double>, _ count: Int, into scores: inout [Double]) throws(RequestFault)
  {
    var decisions = [Double](repeating: 0, count: count)
    var target = decisions.mutableSpan
    do {
      try function.decide(values, into: &target)
    } catch {
      throw RequestFault(.badRequest, "\(error)")
    }
    if scores.isEmpty { scores = decisions } else { scores += decisions }
  }

  /// Where each feature is among the columns.
  private func places(in columns: [String]) throws(RequestFault) -> [Int] {
    if columns == function.featureNames { return Array(columns.indices) }
    var missing: [String] = []
    var places: [Int] = []
    for name in function.featureNames {
      if let place = columns.firstIndex(of: name) { places.append(place) } else { missing.append(name) }
    }
    guard missing.isEmpty else {
      throw RequestFault(
        .badRequest,
        "the model \(name) needs \(missing.listed), which \(missing.count == 1 ? "is" : "are") not among the columns "
          + columns.listed)
    }
    return places
  }

  /// Why a row has no score.
  private func fault(ofRow row: Int, in rows: RequestRows) -> RequestFault {
    let first = row * rows.width
    let all = rows.values[first..<first + rows.width]
    var values = Array(all)
    if let columns = rows.columns, let places = try? places(in: columns) {
      values = places.map { rows.values[first + $0] }
    }
    let reason = function.fault(of: values)?.reason ?? "the decision value is not a number"
    return RequestFault(.badRequest, "row \(row): \(reason)")
  }
}
