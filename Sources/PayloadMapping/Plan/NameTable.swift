import Telemetry

/// An id that a name can become.
protocol NamedID: Sendable {
  init?(name: String)
}

extension DeviceID: NamedID {
  init?(name: String) { self.init(name) }
}

extension SensorID: NamedID {
  init?(name: String) { self.init(name) }
}

/// The ids of names that came, so that each is made once.
struct NameTable<ID: NamedID>: Sendable {
  private var table = ByteTable()
  /// Nil where a name has no id.
  private(set) var ids: [ID?] = []

  var count: Int { ids.count }

  /// The place of the id of `name`.
  mutating func place(of name: UnsafeBufferPointer<UInt8>) -> Int {
    let (number, isNew) = table.number(of: name)
    if isNew {
      let text = String(decoding: name, as: UTF8.self)
      ids.append(EscapedName.id(of: text).flatMap(ID.init(name:)))
    }
    return number
  }
}
