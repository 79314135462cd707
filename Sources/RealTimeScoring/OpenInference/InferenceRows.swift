import HTTP
import Wording

extension InferenceRequest {
  /// The rows in its tensors: one tensor of shape [rows, features] with the features in the model's order, or one of shape [rows] a feature
  /// with the feature's name. Tensors of BYTES called `device` and `sensor` say of which each row is. Throws ``RequestFault``.
  func rows() throws(RequestFault) -> RequestRows {
    var names: [[String]] = [[], []]
    var numeric: [Tensor] = []
    for tensor in inputs {
      switch tensor.elements {
      case .numbers: numeric.append(tensor)
      case .texts(let texts):
        switch tensor.name {
        case RequestRows.deviceColumn: names[0] = texts
        case RequestRows.sensorColumn: names[1] = texts
        default:
          throw RequestFault(
            "the input \(tensor.name.quoted) is of BYTES; only \(RequestRows.deviceColumn) and \(RequestRows.sensorColumn) are"
          )
        }
      }
    }
    var rows = try Self.rows(of: numeric)
    for (column, texts) in zip([RequestRows.deviceColumn, RequestRows.sensorColumn], names)
    where !texts.isEmpty {
      guard texts.count == rows.count else {
        throw RequestFault("the input \(column) has \(texts.count) elements for \(rows.count) rows")
      }
    }
    rows.devices = names[0]
    rows.sensors = names[1]
    return rows
  }

  private static func rows(of tensors: [Tensor]) throws(RequestFault) -> RequestRows {
    guard let first = tensors.first else { throw RequestFault("the request has no tensor of numbers") }
    if tensors.count == 1, first.shape.count == 2, case .numbers(let values) = first.elements {
      return RequestRows(columns: nil, width: first.shape[1], values: values, count: first.shape[0])
    }
    let count = first.shape.first ?? 0
    var rows = RequestRows(
      columns: tensors.map(\.name), width: tensors.count,
      values: [Double](repeating: .nan, count: count * tensors.count), count: count)
    guard Set(tensors.map(\.name)).count == tensors.count else {
      throw RequestFault("two inputs have the same name")
    }
    for (column, tensor) in tensors.enumerated() {
      guard tensor.shape == [count] || tensor.shape == [count, 1], case .numbers(let values) = tensor.elements
      else {
        throw RequestFault(
          "the input \(tensor.name.quoted) has the shape \(tensor.shape); give one tensor of shape [rows, features], or one of shape "
            + "[rows] a feature, each with as many rows")
      }
      for row in 0..<count { rows.values[row * rows.width + column] = values[row] }
    }
    return rows
  }
}
