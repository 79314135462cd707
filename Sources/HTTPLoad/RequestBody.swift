/// The body of one request: rows of a group, one after the other, beginning anew behind its last.
struct RequestBody {
  private let group: RequestRows.Group
  private let first: Int
  private let count: Int
  /// Whether rows say which device, and sensor, they are of.
  private let namesDevices: Bool

  init(_ group: RequestRows.Group, first: Int, count: Int, namesDevices: Bool) {
    self.group = group
    self.first = first
    self.count = count
    self.namesDevices = namesDevices
  }

  private func row(_ index: Int) -> Int { (first + index) % group.count }

  // MARK: - Open Inference Protocol

  /// One tensor of all features, and where rows are of several models, one of BYTES that names the device of each. Returns how many bytes
  /// of it are JSON.
  func writeInference(id: [UInt8], isBinary: Bool, to body: inout [UInt8]) -> Int {
    body += #"{"id":""#.utf8
    body += id
    body += #"","inputs":["#.utf8
    if namesDevices {
      writeNames("device", isBinary: isBinary, to: &body) { $0.device }
      if group.hasSensors { writeNames("sensor", isBinary: isBinary, to: &body) { $0.sensor ?? "" } }
    }
    body += #"{"name":"features","shape":[\#(count),\#(group.width)],"datatype":"FP64","#.utf8
    if isBinary {
      let size = count * group.width * MemoryLayout<Double>.size
      body += #""parameters":{"binary_data_size":\#(size)}}],"parameters":{"binary_data_output":true}}"#.utf8
      let length = body.count
      if namesDevices {
        appendNames(to: &body) { $0.device }
        if group.hasSensors { appendNames(to: &body) { $0.sensor ?? "" } }
      }
      for index in 0..<count {
        for value in group.row(row(index)) { append(value.bitPattern.littleEndian, to: &body) }
      }
      return length
    }
    body += #""data":["#.utf8
    for index in 0..<count {
      if index > 0 { body.append(0x2C) }
      group.write(row(index), to: &body)
    }
    body += "]}]}".utf8
    return body.count
  }

  private func writeNames(
    _ name: StaticString, isBinary: Bool, to body: inout [UInt8],
    _ text: (RequestRows.Group.Owner) -> String
  ) {
    body += #"{"name":"\#(name)","shape":[\#(count)],"datatype":"BYTES","#.utf8
    if isBinary {
      let size = (0..<count).reduce(0) { $0 + 4 + text(group.owners[row($1)]).utf8.count }
      body += #""parameters":{"binary_data_size":\#(size)}},"#.utf8
      return
    }
    body += #""data":["#.utf8
    for index in 0..<count { write(text(group.owners[row(index)]), isFirst: index == 0, to: &body) }
    body += "]},".utf8
  }

  /// Texts as binary tensors have them: a length of four bytes before each.
  private func appendNames(to body: inout [UInt8], _ text: (RequestRows.Group.Owner) -> String) {
    for index in 0..<count {
      let name = text(group.owners[row(index)]).utf8
      append(UInt32(name.count).littleEndian, to: &body)
      body += name
    }
  }

  private func append(_ value: some FixedWidthInteger, to body: inout [UInt8]) {
    withUnsafeBytes(of: value) { body.append(contentsOf: $0) }
  }

  // MARK: - Azure

  /// `input_data` with columns where the features have names, else `data` alone.
  func writeAzure(to body: inout [UInt8]) {
    if group.columns.isEmpty {
      body += #"{"data":["#.utf8
    } else {
      body += #"{"input_data":{"columns":["#.utf8
      var isFirst = true
      let owner = namesDevices ? (group.hasSensors ? ["device", "sensor"] : ["device"]) : []
      for column in owner + group.columns {
        write(column, isFirst: isFirst, to: &body)
        isFirst = false
      }
      body += #"],"index":["#.utf8
      for index in 0..<count { body += (index == 0 ? "\(index)" : ",\(index)").utf8 }
      body += #"],"data":["#.utf8
    }
    for index in 0..<count {
      body += (index == 0 ? "[" : ",[").utf8
      if namesDevices {
        let owner = group.owners[row(index)]
        write(owner.device, isFirst: true, to: &body)
        if let sensor = owner.sensor { write(sensor, isFirst: false, to: &body) }
        body.append(0x2C)
      }
      group.write(row(index), to: &body)
      body.append(0x5D)
    }
    body += (group.columns.isEmpty ? "]}" : "]}}").utf8
  }

  /// - Parameter text: An id, or a name made of ids: nothing in it is to be escaped.
  private func write(_ text: String, isFirst: Bool, to body: inout [UInt8]) {
    if !isFirst { body.append(0x2C) }
    body.append(0x22)
    body += text.utf8
    body.append(0x22)
  }
}
