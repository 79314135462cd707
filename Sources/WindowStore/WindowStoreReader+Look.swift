import Foundation
import GRDB
import Telemetry

/// What somebody who watches a run sees of its store at one moment. Each part of it is bounded, and found by row ids and keys: nothing
/// is counted over, however large the store is.
package struct StoreLook: Hashable, Sendable {
  /// A device by the store's number of it.
  package struct Device: Hashable, Sendable {
    package var number: Int64
    package var name: String

    package init(number: Int64, name: String) {
      self.number = number
      self.name = name
    }
  }

  /// The newest value that is known of a device.
  package struct Value: Hashable, Sendable {
    package var device: Int64
    /// The store's number of the sensor.
    package var sensor: Int64
    /// Event time: of the reading, or the end of the window whose last reading it is.
    package var time: Timestamp
    package var value: Double

    package init(device: Int64, sensor: Int64, time: Timestamp, value: Double) {
      self.device = device
      self.sensor = sensor
      self.time = time
      self.value = value
    }
  }

  package var progress = IngestionProgress()
  /// What the windows mean; nil before ingestion has said so.
  package var settings: WindowSettings?
  /// Those that have come since the last look.
  package var devices: [Device] = []
  package var sensors: [Int64: String] = [:]
  /// From the end of the journal, in its order: of a device the last one counts.
  package var readings: [Value] = []
  /// The last value of the newest window of each device that was asked for and has one.
  package var windows: [Value] = []

  package init() {}
}

/// What a look at the store begins from, and how much of it is wanted.
package struct StoreLookBounds: Hashable, Sendable {
  /// Devices up to this number are known.
  package var afterDevice: Int64
  /// How many new devices are read at a time, readings from the journal's end, and sensors.
  package var mostDevices: Int
  package var mostReadings: Int
  package var mostSensors: Int
  /// The devices whose newest windows are wanted.
  package var windowsOf: [Int64]

  package init(
    afterDevice: Int64, mostDevices: Int, mostReadings: Int, mostSensors: Int, windowsOf: [Int64]
  ) {
    self.afterDevice = afterDevice
    self.mostDevices = mostDevices
    self.mostReadings = mostReadings
    self.mostSensors = mostSensors
    self.windowsOf = windowsOf
  }
}

extension WindowStoreReader {
  /// Opens the store at `path`, reads what `bounds` asks for, and closes it: nothing of the run waits for who watches it, and its log
  /// can be folded at any time. Nil where there is no store yet, or nothing in it. Throws ``StoreError``.
  package static func look(at path: String, _ bounds: StoreLookBounds) throws -> StoreLook? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let reader = try WindowStoreReader(path: path)
    guard try reader.read({ try $0.tableExists("progress") }) else { return nil }
    var look = StoreLook()
    look.progress = try reader.progress()
    look.settings = try reader.settings()
    try reader.read { db in
      let devices = try Row.fetchCursor(
        db, sql: "SELECT id, name FROM devices WHERE id > ? ORDER BY id LIMIT ?",
        arguments: [bounds.afterDevice, bounds.mostDevices])
      while let row = try devices.next() {
        look.devices.append(StoreLook.Device(number: row[0], name: row[1]))
      }
      let sensors = try Row.fetchCursor(
        db, sql: "SELECT id, name FROM sensors ORDER BY id LIMIT ?", arguments: [bounds.mostSensors])
      while let row = try sensors.next() { look.sensors[row[0]] = row[1] }
      look.readings = try newestReadings(bounds.mostReadings, db)
      look.windows = try newestWindows(of: bounds.windowsOf, db)
    }
    return look
  }

  /// The first values of the rows at the end of the journal. Rows that continue a message have another sensor in the first place, and
  /// are left out.
  private static func newestReadings(_ most: Int, _ db: Database) throws -> [StoreLook.Value] {
    let last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM journal") ?? 0
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT j.device, s.sensor, j.ts_ms, j.v0 FROM journal j
          JOIN sensor_sets s ON s.id = j.sensor_set AND s.position = 0 AND s.part = 0
        WHERE j.id > ? AND j.v0 IS NOT NULL ORDER BY j.id LIMIT ?
        """, arguments: [last - Int64(most), most])
    var found: [StoreLook.Value] = []
    found.reserveCapacity(most)
    while let row = try rows.next() {
      found.append(
        StoreLook.Value(
          device: row[0], sensor: row[1], time: Timestamp(milliseconds: row[2]), value: row[3]))
    }
    return found
  }

  /// One step into the windows for each device: they lie by device and start.
  private static func newestWindows(of devices: [Int64], _ db: Database) throws -> [StoreLook.Value] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT sensor, end_ms, last FROM windows WHERE device = ?
        ORDER BY start_ms DESC, sensor DESC, revision DESC LIMIT 1
        """)
    return try devices.compactMap { device in
      try Row.fetchOne(statement, arguments: [device]).map { row in
        StoreLook.Value(
          device: device, sensor: row[0], time: Timestamp(milliseconds: row[1]), value: row[2])
      }
    }
  }
}
