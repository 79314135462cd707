import Files
import Telemetry

/// Recordings as devices: the rows of CSV files, published as messages at the times they were recorded.
///
/// - Rows of a device are put in order of time; rows of one instant keep the file's order. In a wide file each row is a
///   message of its own, also where two have the same time; in a long file the rows of one device and instant are one
///   message, until a sensor comes again.
/// - An empty cell is no reading; a row without any reading is not published.
/// - A row that cannot be read is an error with file and line: a recording is taken whole or not at all.
///
/// ``account`` says what became of every row. The recording is held in memory.
package struct ReplaySource: MessageSource {
  /// The start of the clock: as given, or the time of the first row.
  package let start: Timestamp
  /// From ``start`` to the end of the clock: as given, or to just after the last row.
  package let duration: Duration
  package let account: ReplayAccount
  package let deviceIDs: [DeviceID]
  package let labels: [Label]
  private let recordings: [[Message]]

  package var messageCount: Int { account.messages }
  package var readingCount: Int { account.readings }
  package var groups: [PublishingGroup] {
    [PublishingGroup(name: "replay", devices: deviceIDs.indices, style: .standard)]
  }

  package func messageCount(ofDeviceAt index: Int) -> Int { recordings[index].count }

  /// Reads the files of `recipe`, keeping the rows from `start` on, and before `start` + `duration`, where these are
  /// given. Throws `FileError` and `CSVError`, the latter with the line at fault.
  package init(_ recipe: ReplayRecipe, start: Timestamp? = nil, duration: Duration? = nil) throws {
    var account = ReplayAccount()
    var rows: [DeviceID: [RecordedRow]] = [:]
    var devicesOfFile: [Set<DeviceID>] = []
    for file in recipe.files.indices {
      var reader = try RecordingReader(recipe: recipe, file: file)
      var seen: Set<DeviceID> = []
      while let (device, row) = try reader.next() {
        account.rows += 1
        seen.insert(device)
        rows[device, default: []].append(row)
      }
      account.files += 1
      account.emptyCells += reader.emptyCells
      devicesOfFile.append(seen)
    }
    let times = rows.values.joined().lazy.map(\.timestamp)
    guard let first = times.min(), let last = times.max() else {
      throw FileError(
        path: recipe.files.joined(separator: ", "), action: .replay,
        reason: "there is no row after the header")
    }
    self.start = start ?? first
    self.duration = duration ?? max(last - self.start + .milliseconds(1), .milliseconds(1))
    let clock = self.start..<(self.start + self.duration)
    deviceIDs = rows.keys.sorted()
    var recordings: [[Message]] = []
    var labels: [Label] = []
    for device in deviceIDs {
      let kept = Self.inOrder(rows[device] ?? [], clock: clock, &account)
      labels += RecordedLabels.stretches(
        device: device, rows: kept, columns: recipe.labelColumns, long: recipe.isLong)
      for file in recipe.files.indices where devicesOfFile[file].contains(device) {
        guard let source = recipe.labelWindows else { continue }
        let windows = try RecordedLabels.windows(source, recording: recipe.files[file])
        labels += RecordedLabels.published(
          device: device, rows: kept.filter { $0.file == file }, windows: windows)
      }
      recordings.append(Self.messages(device: device, rows: kept, long: recipe.isLong, &account))
    }
    self.recordings = recordings
    self.labels = labels.sorted(by: Label.inFileOrder)
    self.account = account
  }

  package func sensors(ofDeviceAt index: Int) -> [SensorID] {
    var sensors: [SensorID] = []
    var seen: Set<SensorID> = []
    for message in recordings[index] {
      for value in message.values where seen.insert(value.sensor).inserted { sensors.append(value.sensor) }
    }
    return sensors
  }

  package func messages(ofDeviceAt index: Int) -> MessageStream {
    MessageStream(RecordedMessages(messages: recordings[index]))
  }

  /// The rows that are published, in order of time and, at one time, of the file.
  private static func inOrder(
    _ rows: [RecordedRow], clock: Range<Timestamp>, _ account: inout ReplayAccount
  ) -> [RecordedRow] {
    var latest: Timestamp?
    var kept: [(row: RecordedRow, place: Int)] = []
    kept.reserveCapacity(rows.count)
    for row in rows {
      guard clock.contains(row.timestamp) else {
        account.rowsOutsideClock += 1
        continue
      }
      guard !row.values.isEmpty else {
        account.rowsWithoutValues += 1
        continue
      }
      if let latest, row.timestamp < latest { account.reorderedRows += 1 }
      latest = max(latest ?? row.timestamp, row.timestamp)
      kept.append((row, kept.count))
    }
    kept.sort { ($0.row.timestamp, $0.place) < ($1.row.timestamp, $1.place) }
    return kept.map(\.row)
  }

  private static func messages(
    device: DeviceID, rows: [RecordedRow], long: Bool, _ account: inout ReplayAccount
  ) -> [Message] {
    var messages: [Message] = []
    messages.reserveCapacity(long ? rows.count / 2 : rows.count)
    for row in rows {
      account.readings += row.values.count
      if let previous = messages.last, previous.timestamp == row.timestamp {
        if long, let value = row.values.first, !previous.values.contains(where: { $0.sensor == value.sensor })
        {
          messages[messages.count - 1].values.append(value)
          continue
        }
        account.repeatedTimestamps += 1
      }
      messages.append(
        Message(
          device: device, position: Message.Position(epoch: 1, sequence: Int64(messages.count)),
          timestamp: row.timestamp, values: row.values))
    }
    account.messages += messages.count
    return messages
  }
}

extension ReplayRecipe {
  fileprivate var isLong: Bool {
    if case .long = values { true } else { false }
  }
}
