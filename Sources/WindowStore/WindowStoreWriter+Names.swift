import GRDB
import Telemetry

/// The numbers by which rows name devices, sensors, and which sensors a message has.
extension WindowStoreWriter {
  func id(of device: DeviceID, _ db: Database) throws -> Int64 {
    if let known = deviceIDs[device] { return known }
    try db.execute(sql: "INSERT INTO devices (name) VALUES (?)", arguments: [device.name])
    deviceIDs[device] = db.lastInsertedRowID
    return db.lastInsertedRowID
  }

  func id(of sensor: SensorID, _ db: Database) throws -> Int64 {
    if let known = sensorIDs[sensor] { return known }
    try db.execute(sql: "INSERT INTO sensors (name) VALUES (?)", arguments: [sensor.name])
    sensorIDs[sensor] = db.lastInsertedRowID
    return db.lastInsertedRowID
  }

  /// The journal rows that hold the values of `message`: one for every ``StoreSchema/valuesPerJournalRow`` sensors.
  func sets(of message: Message, _ device: Int64, _ db: Database) throws -> [SensorSet] {
    if let recent = recentSets[device], recent.values.count == message.values.count,
      zip(recent.values, message.values).allSatisfy({ $0.sensor == $1.sensor })
    {
      return recent.sets
    }
    let sets = try sets(of: message.values.map(\.sensor), db)
    recentSets[device] = (message.values, sets)
    return sets
  }

  func sets(of sensors: [SensorID], _ db: Database) throws -> [SensorSet] {
    if let known = sensorSets[sensors] { return known }
    var sets: [SensorSet] = []
    for (part, start) in stride(from: 0, to: sensors.count, by: StoreSchema.valuesPerJournalRow).enumerated()
    {
      let positions = start..<min(start + StoreSchema.valuesPerJournalRow, sensors.count)
      for (position, sensor) in sensors[positions].enumerated() {
        try db.execute(
          sql: "INSERT INTO sensor_sets VALUES (?, ?, ?, ?)",
          arguments: [nextSensorSet, part, position, try id(of: sensor, db)])
      }
      sets.append(SensorSet(id: nextSensorSet, positions: positions))
      nextSensorSet += 1
    }
    sensorSets[sensors] = sets
    return sets
  }
}
