import HTTP
import Wording

/// Tensors as raw bytes after the JSON, little-endian and row by row (Triton's binary tensor data extension).
/// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
enum BinaryTensor {
  /// The elements that `bytes` are. Throws ``RequestFault`` where they are not `count` elements of `type`.
  static func elements(of bytes: ArraySlice<UInt8>, _ type: TensorType, count: Int, name: String)
    throws(RequestFault) -> InferenceRequest.Tensor.Elements
  {
    guard let size = type.byteCount else { return .texts(try texts(of: bytes, count: count, name: name)) }
    guard bytes.count.isMultiple(of: size), bytes.count / size == count else {
      throw RequestFault(
        "the input \(name.quoted) has \(bytes.count) bytes, and its shape is of \(count) elements of \(size)")
    }
    let numbers = bytes.withUnsafeBytes { raw in
      (0..<count).map { number(raw, at: $0 * size, type) }
    }
    return .numbers(numbers)
  }

  private static func number(_ raw: UnsafeRawBufferPointer, at offset: Int, _ type: TensorType) -> Double {
    func whole<Number: FixedWidthInteger>(_: Number.Type) -> Number {
      Number(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
    return switch type {
    case .fp64: Double(bitPattern: whole(UInt64.self))
    case .fp32: Double(Float(bitPattern: whole(UInt32.self)))
    case .fp16: HalfPrecision.value(of: whole(UInt16.self))
    case .int8: Double(whole(Int8.self))
    case .int16: Double(whole(Int16.self))
    case .int32: Double(whole(Int32.self))
    case .int64: Double(whole(Int64.self))
    case .uint8: Double(whole(UInt8.self))
    case .uint16: Double(whole(UInt16.self))
    case .uint32: Double(whole(UInt32.self))
    case .uint64: Double(whole(UInt64.self))
    case .bool: whole(UInt8.self) == 0 ? 0 : 1
    case .bytes: .nan
    }
  }

  /// Each text has its length in four bytes before it.
  private static func texts(of bytes: ArraySlice<UInt8>, count: Int, name: String) throws(RequestFault)
    -> [String]
  {
    var texts: [String] = []
    var rest = bytes
    while !rest.isEmpty {
      guard rest.count >= 4, texts.count < count else {
        throw RequestFault("the input \(name.quoted) is not \(count) texts with their lengths")
      }
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard length <= rest.count, let text = String(validating: rest.prefix(length), as: UTF8.self) else {
        throw RequestFault("the input \(name.quoted) is not \(count) texts in UTF-8 with their lengths")
      }
      texts.append(text)
      rest = rest.dropFirst(length)
    }
    return texts
  }

  /// Appends the bytes of `value`.
  static func append(_ value: Double, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  static func append(_ text: String, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).littleEndian) {
      bytes.append(contentsOf: $0)
    }
    bytes.append(contentsOf: text.utf8)
  }
}
