import Files
import Foundation
import Telemetry

/// Reads a row of a prediction file as Sonde writes it, straight from its bytes: a run may have millions.
struct PredictionRowParser {
  /// `2026-01-01T15:00:00.000Z`
  private static let instantLength = 24
  private static let dateLength = 10
  /// A revision of more digits is read the slow way.
  private static let mostRevisionDigits = 9

  /// The date of the instant before, and its midnight: rows that follow each other are mostly of one day.
  private var date: [UInt8] = []
  private var midnight: Int64 = 0
  /// The sensor of the row before.
  private var sensor: SensorID?
  private var sensorName: [UInt8] = []

  /// The window that `row` says something of; nil where it is not of the usual form, and has to be read with more care.
  ///
  /// - Parameters:
  ///   - row: Its columns are those of the contract, in their order.
  ///   - nameLength: How many bytes of it are the name of `device`, and no more of its first field.
  mutating func window(_ row: UnsafeBufferPointer<UInt8>, of device: DeviceID, nameLength: Int)
    -> ScoredWindow?
  {
    var place = nameLength + 1
    guard let end = comma(row, from: place), takeSensor(row, place..<end) else { return nil }
    place = end + 1
    guard row.count > place + 2 * Self.instantLength + 2, let start = instant(row, at: place),
      row[place + Self.instantLength] == 0x2C,
      let written = instant(row, at: place + Self.instantLength + 1),
      row[place + 2 * Self.instantLength + 1] == 0x2C, start <= written
    else { return nil }
    place += 2 * Self.instantLength + 2
    guard let score = DecimalText.double(in: row, at: &place), row.count > place + 3, row[place] == 0x2C,
      row[place + 2] == 0x2C, row[place + 1] == 0x30 || row[place + 1] == 0x31
    else { return nil }
    let isFlagged = row[place + 1] == 0x31
    // Of the version of the model nothing is needed, but that it ends where it seems to.
    guard let versionEnd = comma(row, from: place + 3), row[place + 3] != 0x22,
      let revision = number(row, from: versionEnd + 1)
    else { return nil }
    return ScoredWindow(
      device: device, sensor: sensor, start: start, end: max(written, start + ScoredWindow.instant),
      score: score, isFlagged: isFlagged, revision: revision)
  }

  private func comma(_ row: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var place = start
    while place < row.count {
      if row[place] == 0x2C { return place }
      place += 1
    }
    return nil
  }

  /// Finds out of which sensor the row is; false where it is no id.
  private mutating func takeSensor(_ row: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    if range.count == 1, row[range.lowerBound] == 0x2A {
      sensor = nil
      sensorName = []
      return true
    }
    if !sensorName.isEmpty, range.count == sensorName.count,
      memcmp(row.baseAddress! + range.lowerBound, sensorName, range.count) == 0
    {
      return true
    }
    guard let id = SensorID(String(decoding: row[range], as: UTF8.self)) else { return false }
    sensor = id
    sensorName = Array(row[range])
    return true
  }

  /// The instant at `place`; nil where it is none of 24 characters.
  private mutating func instant(_ row: UnsafeBufferPointer<UInt8>, at place: Int) -> Timestamp? {
    if date.isEmpty || memcmp(row.baseAddress! + place, date, Self.dateLength) != 0 {
      let text = row[place..<place + Self.dateLength]
      guard let day = Timestamp(iso8601: String(decoding: text, as: UTF8.self)) else { return nil }
      date = Array(text)
      midnight = day.milliseconds
    }
    func digits(_ first: Int, _ count: Int) -> Int64? {
      var value: Int64 = 0
      for index in place + first..<place + first + count {
        let digit = row[index] &- 0x30
        guard digit <= 9 else { return nil }
        value = value * 10 + Int64(digit)
      }
      return value
    }
    func has(_ character: UInt8, _ index: Int) -> Bool { row[place + index] == character }
    guard has(0x54, 10), let hour = digits(11, 2), has(0x3A, 13), let minute = digits(14, 2), has(0x3A, 16),
      let second = digits(17, 2), has(0x2E, 19), let fraction = digits(20, 3), has(0x5A, 23), hour <= 23,
      minute <= 59, second <= 59
    else { return nil }
    return Timestamp(
      milliseconds: midnight + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction)
  }

  /// The whole number that the rest of the row is.
  private func number(_ row: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard start < row.count, row.count - start <= Self.mostRevisionDigits else { return nil }
    var value = 0
    for index in start..<row.count {
      let digit = row[index] &- 0x30
      guard digit <= 9 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }
}
