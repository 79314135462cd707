import Telemetry

/// Rows that requests are made of, kept ready as text and as numbers, so that the generator has little to do when a request is due.
package struct RequestRows: Sendable {
  /// Rows that can go into one request: they have the same columns, and the same model where a request asks for one by name.
  package struct Group: Sendable {
    /// The name of the model that scores them all; nil where rows say it themselves, or where there is none.
    package fileprivate(set) var model: String?
    /// What the features are called; empty where they have no names.
    package let columns: [String]
    /// How many features a row has.
    package let width: Int
    /// Whether rows say which sensor they are of.
    package let hasSensors: Bool
    /// The device, and where there are such the sensor, of each row; empty where rows are of none.
    private(set) var owners: [Owner] = []
    private(set) var values: [Double] = []
    /// The rows' numbers, separated by commas, one row after the other.
    private var text: [UInt8] = []
    private var ends: [Int] = []

    /// What a row is of.
    struct Owner: Hashable, Sendable {
      var device: String
      var sensor: String?
    }

    init(model: String?, columns: [String], width: Int, hasSensors: Bool) {
      self.model = model
      self.columns = columns
      self.width = width
      self.hasSensors = hasSensors
    }

    package var count: Int { ends.count }

    /// - Parameter row: Finite numbers, ``width`` of them.
    mutating func append(_ row: some Collection<Double>, of owner: Owner?) {
      if let owner { owners.append(owner) }
      for (index, value) in row.enumerated() {
        if index > 0 { text.append(0x2C) }
        values.append(value)
        // The shortest text that reads as the same double.
        text.append(contentsOf: "\(value)".utf8)
      }
      ends.append(text.count)
    }

    /// Adds the numbers of a row to `body`.
    func write(_ row: Int, to body: inout [UInt8]) {
      body += text[(row == 0 ? 0 : ends[row - 1])..<ends[row]]
    }

    /// The numbers of a row.
    package func row(_ row: Int) -> ArraySlice<Double> { values[row * width..<(row + 1) * width] }
  }

  /// At least one, none of them empty. Requests go through them in turn.
  package let groups: [Group]

  /// - Parameter groups: Empty ones are left out.
  init(_ groups: [Group]) { self.groups = groups.filter { $0.count > 0 } }

  package var count: Int { groups.reduce(0) { $0 + $1.count } }

  /// Rows of `width` numbers between -1 and 1, drawn from a seed. Throws ``HTTPLoadError``.
  package static func madeUp(width: Int, seed: UInt64) throws(HTTPLoadError) -> RequestRows {
    guard (1...HTTPLoadDefaults.mostFeatures).contains(width) else {
      throw HTTPLoadError("a row has 1 to \(HTTPLoadDefaults.mostFeatures) features, not \(width)")
    }
    var generator = SeededGenerator(seed: seed, stream: RandomStream.requestRows)
    var group = Group(model: nil, columns: [], width: width, hasSensors: false)
    for _ in 0..<max(1, min(HTTPLoadDefaults.madeUpRows, HTTPLoadDefaults.numbers / width)) {
      group.append((0..<width).map { _ in generator.uniform(in: -1...1) }, of: nil)
    }
    return RequestRows([group])
  }
}
