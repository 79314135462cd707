import Wording

/// Where the time of a record is, and how it is written.
package struct MappedTime: Hashable, Sendable, Codable {
  package enum Unit: String, CaseIterable, Sendable, Codable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"
    /// A date and a time of day.
    case iso8601
    /// A text that is a date is ISO 8601; a number is in the unit in which it lies between 2000 and 2100.
    case auto
  }

  /// The first that is there counts; none: records have no time of their own.
  package var paths: [PayloadPath]
  package var unit: Unit
  /// Of times of ISO 8601 without a zone.
  package var zone: Zone
  /// Whether a record without a time has that of its arrival; else it is refused.
  package var isOtherwiseArrival: Bool

  package init(
    paths: [PayloadPath], unit: Unit, zone: Zone = .utc, isOtherwiseArrival: Bool = false
  ) {
    self.paths = paths
    self.unit = unit
    self.zone = zone
    self.isOtherwiseArrival = isOtherwiseArrival
  }

  /// The time at which a message came.
  package static let arrival = MappedTime(paths: [], unit: .milliseconds, isOtherwiseArrival: true)

  package var isArrival: Bool { paths.isEmpty }

  /// A zone of a fixed offset: `Z`, `+01:00`, `-0530`.
  package struct Zone: MappingText {
    package let text: String
    /// Local time less UTC.
    let minutes: Int64

    package static let utc = Zone()

    private init() {
      text = "Z"
      minutes = 0
    }

    /// Throws ``MappingError``.
    package init(_ text: String) throws(MappingError) {
      self.text = text
      if ["Z", "z", "UTC"].contains(text) {
        minutes = 0
        return
      }
      let digits = text.dropFirst().replacing(":", with: "", maxReplacements: 1)
      guard let sign = text.first, sign == "+" || sign == "-", digits.utf8.count == 4,
        digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int64(digits), number / 100 <= 14,
        number % 100 <= 59
      else {
        throw MappingError(
          "\(text.quoted) is no zone; write the offset from UTC, such as +01:00. "
            + "Zones that change with the season are not known")
      }
      minutes = (sign == "-" ? -1 : 1) * (number / 100 * 60 + number % 100)
    }
  }
}
