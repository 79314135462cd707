import Telemetry

/// What is noted while a payload is gone through: records, members that are read, values and refusals.
extension EntryDecoder {
  /// To be called before what stands in a record.
  ///
  /// - Parameter place: The number of its line; nil: records are counted.
  mutating func beginRecord(_ node: Int, place: Int? = nil) {
    guard records.count < Self.maximumRecords else {
      hasTooManyRecords = true
      return
    }
    current = records.count
    records.append(Record(node: Int32(node), place: Int32(place ?? records.count + 1)))
    clearSlots(row: records.count)
  }

  mutating func clearSlots(row: Int) {
    for place in row * slotCount..<(row + 1) * slotCount {
      if place < found.count { found[place] = Found() } else { found.append(Found()) }
    }
  }

  private func place(of slot: Int) -> Int? {
    if plan.slots[slot].isFromRoot { return slot }
    return current < 0 ? nil : (current + 1) * slotCount + slot
  }

  mutating func note(_ news: Found, _ node: Int) {
    let start = Int(tree.nodes[node].slotStart)
    for index in start..<start + Int(tree.nodes[node].slotCount) {
      guard let place = place(of: tree.slots[index]) else { continue }
      if found[place].node < 0 || (found[place].isNull && Int(found[place].node) != node) {
        found[place] = news
      } else if Int(found[place].node) == node, !tree.nodes[node].isShared {
        found[place].isTwice = true
      }
    }
  }

  mutating func noteContainer(_ node: Int) {
    note(Found(node: Int32(node), kind: .text, isContainer: true), node)
  }

  mutating func noteList(_ node: Int) {
    let place = tree.nodes[node]
    guard place.rule >= 0, !place.takesElements, !place.isRead,
      plan.values[Int(place.rule)].lists == .refuse
    else { return }
    refuse(node) { "\($0) is a list, which is no number" }
  }

  /// Refuses the record at `node` where it is of a kind that can have none of the values: no object, and no list of whose elements
  /// the paths speak.
  ///
  /// - Parameter scalar: Nil: it is a list.
  mutating func refuseRecord(
    _ node: Int, _ scalar: PayloadScalar?, _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    let place = tree.nodes[node]
    guard plan.mapping.records != nil, current >= 0, place.rule < 0, !place.isLeftOut else { return }
    if scalar == nil, place.takesElements { return }
    // Members beside the records may be what is read of the whole payload, such as its time.
    let read = tree.slots[Int(place.slotStart)..<Int(place.slotStart) + Int(place.slotCount)]
    guard !read.contains(where: { plan.slots[$0].isFromRoot }) else { return }
    let found = scalar.map { phrase($0.text, isText: $0.kind == .text, bytes) } ?? "a list"
    let start = label(ofRecord: current)
    // There is nothing in it that could name its device and time.
    records[current].isBroken = true
    refuse(node) { _ in
      "\(start)is \(found), which is no object\(place.takesElements ? " and no list" : "")"
    }
  }

  /// Refuses the value at `node`.
  mutating func refuse(_ node: Int, _ reason: (String) -> String) {
    guard current >= 0 else { return }
    records[current].refused += 1
    // Further ones are counted; nobody reads them.
    guard refusals.count < RefusedValues.namedReasons else { return }
    refusals.append(Refusal(record: Int32(current), reason: reason(label(of: node))))
  }

  mutating func take(_ scalar: PayloadScalar, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    if tree.nodes[node].slotCount > 0 {
      note(Found(node: Int32(node), kind: scalar.kind, number: scalar.number, text: scalar.text), node)
    }
    guard tree.nodes[node].rule >= 0, !tree.nodes[node].isRead, current >= 0 else { return }
    switch scalar.kind {
    case .number: add(scalar.number, node)
    case .null: return
    case .tooLarge: refuseTooLarge(scalar.text, node, bytes)
    case .notFinite:
      let word = text(scalar.text, bytes)
      refuse(node) { "\($0) is \(word), which is no number" }
    case .text, .isTrue, .isFalse: takeWord(scalar, node, bytes)
    }
  }

  mutating func add(_ value: Double, _ node: Int) {
    readings.append(Reading(record: Int32(current), node: Int32(node), value: value))
    records[current].readings += 1
  }
}

extension EntryDecoder.Found {
  /// Whether a member that is `null` was found, which counts as none.
  var isNull: Bool { kind == .null && !isContainer }
  var isThere: Bool { node >= 0 && !isNull }

  /// A double has all of a whole number of so many digits.
  static let mostWholeDigits = 15

  /// The whole number from 0 that it is, where it has no more than ``mostWholeDigits`` and no exponent.
  var whole: Int64? {
    guard kind == .number, text.length <= Self.mostWholeDigits, number >= 0,
      let whole = Int64(exactly: number)
    else {
      return nil
    }
    // As `1e14` it has few characters and many digits.
    return whole < 1_000_000_000_000_000 ? whole : nil
  }
}
