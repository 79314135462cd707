import Wording

/// The vocabulary of a table of keys: which keys a mapping has, and what their values may be. ``SchemaCheck`` holds documents to
/// such a table, and ``Mapping/jsonSchema(title:definitions:)`` says it to editors.
package enum Schema {
  /// What a value may be.
  package indirect enum Kind: Sendable {
    /// Anything that is written in one piece.
    case text
    case wholeNumber(minimum: Int, maximum: UInt64 = Schema.mostOfACount)
    case number(Bounds = .any)
    case boolean
    /// Text of a certain form.
    case form(Form)
    /// One of some names. `aliases` are taken as well, and not shown.
    case choice([String], aliases: [String] = [])
    case object(Mapping)
    case list(Kind, atLeast: Int = 0, atMost: Int? = nil, isUnique: Bool = false)
    /// `[from, to]`, two offsets from the start of the clock.
    case span
    /// Names of the author's own as keys.
    ///
    /// `isNothingAllowed`: there may be nothing behind a name.
    case map(Mapping, names: Form, isNothingAllowed: Bool = false)
    /// Names of the author's own as keys, each with a whole number of percent.
    case shares(names: Form)
    /// Names of the author's own as keys, each with a value of one kind.
    ///
    /// `isNothingAllowed`: there may be nothing behind a name.
    case table(Kind, names: Form, isNothingAllowed: Bool = false)
    /// A number or a range of numbers.
    case varied(Bounds = .any)
    /// A duration or a range of durations.
    case variedDuration(Form = .positiveDuration)
    /// A list of at least one of a mapping that may hold such a list itself.
    case nested(Nested)
    case any([Kind])

    /// A count within the bound of the type that has the setting.
    package static func wholeNumber(_ least: LeastNumber) -> Kind { .wholeNumber(minimum: least.minimum) }

    package static let positiveNumber = Kind.number(.positive)
    /// Above zero.
    package static let duration = Kind.form(.positiveDuration)
    /// A duration, or `0s`.
    package static let durationOrNone = Kind.form(.duration)
    package static let share = Kind.form(.share)
    package static let instant = Kind.form(.instant)
    /// The name of a device or a sensor.
    package static let identifier = Kind.form(.identifier)

    /// What is expected, for messages.
    package var wanted: String {
      switch self {
      case .text: "text"
      case .wholeNumber(0, _): "a whole number"
      case .wholeNumber(let minimum, _): "a whole number of at least \(minimum)"
      case .number(let bounds): bounds.wanted
      case .boolean: "true or false"
      case .form(let form): form.wanted
      case .choice(let names, _): Self.either(names)
      case .object(let mapping): "a mapping with \(mapping.keys.map(\.name).joined(separator: ", "))"
      case .list(_, let least, _, _): least > 1 ? "a list of at least \(least)" : "a list"
      case .span: "[from, to] with from before to, such as [14h, 22h]"
      case .map(let mapping, _, _): "a mapping from names to \(mapping.name)s"
      case .shares: "a mapping from names to whole numbers of percent"
      case .table(let kind, let names, let isNothingAllowed):
        "a mapping from \(names.wanted) to \(kind.wanted)" + (isNothingAllowed ? " or nothing" : "")
      case .varied(let bounds): "\(bounds.wanted), or two of them as [low, high]"
      case .variedDuration(let form): "\(form.wanted), or two of them as [shortest, longest]"
      case .nested(let nested): nested.wanted
      case .any(let kinds): kinds.map(\.wanted).joined(separator: " or ")
      }
    }

    package static func either(_ names: [String]) -> String {
      names.count < 2
        ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
  }

  /// Where a number may lie. It is finite in any case.
  package struct Bounds: Sendable {
    package var above: Double?
    package var atLeast: Double?
    package var atMost: Double?
    package var below: Double?
    package let wanted: String

    package init(
      above: Double? = nil, atLeast: Double? = nil, atMost: Double? = nil, below: Double? = nil,
      wanted: String
    ) {
      self.above = above
      self.atLeast = atLeast
      self.atMost = atMost
      self.below = below
      self.wanted = wanted
    }

    package func contains(_ number: Double) -> Bool {
      number.isFinite && above.map { number > $0 } ?? true && atLeast.map { number >= $0 } ?? true
        && atMost.map { number <= $0 } ?? true && below.map { number < $0 } ?? true
    }

    package static let any = Bounds(wanted: "a number")
    package static let positive = Bounds(above: 0, wanted: "a number above zero")
    package static let notNegative = Bounds(atLeast: 0, wanted: "a number of at least 0")
    package static let betweenZeroAndOne = Bounds(above: 0, below: 1, wanted: "a number between 0 and 1")
  }

  /// Text that matches a regular expression, in the common part of what Swift and ECMAScript understand.
  package struct Form: Sendable {
    package let pattern: String
    package let wanted: String
    /// Names may look like numbers or like true and false. They are taken as they are spelled.
    package var isName = false

    package init(pattern: String, wanted: String, isName: Bool = false) {
      self.pattern = pattern
      self.wanted = wanted
      self.isName = isName
    }

    /// A number without a sign and an exponent.
    package static let decimal = "([0-9]+[.]?[0-9]*|[.][0-9]+)"
    private static let units = "(\(decimal)d)?(\(decimal)h)?(\(decimal)m)?(\(decimal)s)?(\(decimal)ms)?"
    private static let leapDay =
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
    private static let date =
      "([0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|\(leapDay))"
    private static let zone = "(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])"
    private static let time = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"

    package static let duration = Form(
      pattern: "^(?=[0-9.])\(units)$", wanted: "a duration such as 90s, 5m or 24h")
    package static let positiveDuration = Form(
      pattern: "^(?=.*[1-9])\(units)$", wanted: "a duration such as 90s, 5m or 24h, above zero")
    package static let signedDuration = Form(
      pattern: "^-?(?=.*[1-9])\(units)$", wanted: "a duration such as 1h or -1h")
    package static let share = Form(
      pattern: "^(0*([0-9]{1,2}([.][0-9]*)?|100([.]0*)?)|[.][0-9]+)%$", wanted: "a share such as 20%")
    package static let level = Form(pattern: "^\(decimal)%$", wanted: "a level such as 150%")
    package static let instant = Form(
      pattern: "^\(date)([T ]\(time)\(zone)?)?$", wanted: "a time such as 2026-01-01T00:00:00Z")
    package static let identifier = Form(
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      wanted: "a name of letters, digits, dots, dashes, underscores",
      isName: true)
  }

  package struct Key: Sendable {
    package let name: String
    package let kind: Kind
    package let about: String
    package var isRequired = false

    package init(name: String, kind: Kind, about: String, isRequired: Bool = false) {
      self.name = name
      self.kind = kind
      self.about = about
      self.isRequired = isRequired
    }
  }

  /// A mapping with these keys and no others.
  package struct Mapping: Sendable {
    package let name: String
    package let keys: [Key]
    /// Sets of keys of which exactly one is given.
    package var exactlyOneOf: [[String]] = []
    /// Sets of keys of which one may be given.
    package var atMostOneOf: [[String]] = []
    /// Keys that need another one beside them.
    package var needs: [(key: String, other: String)] = []

    package init(
      name: String, keys: [Key], exactlyOneOf: [[String]] = [], atMostOneOf: [[String]] = [],
      needs: [(key: String, other: String)] = []
    ) {
      self.name = name
      self.keys = keys
      self.exactlyOneOf = exactlyOneOf
      self.atMostOneOf = atMostOneOf
      self.needs = needs
    }

    package subscript(name: String) -> Key? { keys.first { $0.name == name } }
  }

  /// The most of anything that is counted, where the table says no less: what 32 bits hold, as in Azure's settings.
  package static let mostOfACount: UInt64 = 2_147_483_647
  /// The most bytes that a number can ask for; editors count in doubles.
  package static let mostBytes: UInt64 = 1 << 53

  /// What a list of ``Kind/nested(_:)`` holds.
  package struct Nested: Sendable {
    /// What is expected, for messages.
    package let wanted: String
    package let mapping: @Sendable () -> Mapping

    package init(wanted: String, mapping: @escaping @Sendable () -> Mapping) {
      self.wanted = wanted
      self.mapping = mapping
    }
  }
}
