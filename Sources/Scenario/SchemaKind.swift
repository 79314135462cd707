import BatchScoring

extension ScenarioSchema {
  /// What a value may be. ``SchemaCheck`` holds documents to it, and ``ScenarioSchema/json()`` says it to editors.
  indirect enum Kind: Sendable {
    /// Anything that is written in one piece.
    case text
    case wholeNumber(minimum: Int, maximum: UInt64 = ScenarioSchema.mostOfACount)
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
    /// A number or a range of numbers.
    case varied(Bounds = .any)
    /// A duration or a range of durations.
    case variedDuration(Form = .positiveDuration)
    /// A list of parts of a signal, which may have parts themselves.
    case parts
    case any([Kind])

    static let positiveNumber = Kind.number(.positive)
    /// Above zero.
    static let duration = Kind.form(.positiveDuration)
    /// A duration, or `0s`.
    static let durationOrNone = Kind.form(.duration)
    static let share = Kind.form(.share)
    static let instant = Kind.form(.instant)
    /// The name of a device or a sensor.
    static let identifier = Kind.form(.identifier)

    /// What is expected, for messages.
    var wanted: String {
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
      case .varied(let bounds): "\(bounds.wanted), or two of them as [low, high]"
      case .variedDuration(let form): "\(form.wanted), or two of them as [shortest, longest]"
      case .parts: "a list of parts such as { sine: … }"
      case .any(let kinds): kinds.map(\.wanted).joined(separator: " or ")
      }
    }

    static func either(_ names: [String]) -> String {
      names.count < 2
        ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
  }

  /// Where a number may lie. It is finite in any case.
  struct Bounds: Sendable {
    var above: Double?
    var atLeast: Double?
    var atMost: Double?
    var below: Double?
    let wanted: String

    func contains(_ number: Double) -> Bool {
      number.isFinite && above.map { number > $0 } ?? true && atLeast.map { number >= $0 } ?? true
        && atMost.map { number <= $0 } ?? true && below.map { number < $0 } ?? true
    }

    static let any = Bounds(wanted: "a number")
    static let positive = Bounds(above: 0, wanted: "a number above zero")
    static let notNegative = Bounds(atLeast: 0, wanted: "a number of at least 0")
    static let betweenZeroAndOne = Bounds(above: 0, below: 1, wanted: "a number between 0 and 1")
    static let nu = Bounds(above: 0, atMost: 1, wanted: "a number above 0 and at most 1")
  }

  /// Text that matches a regular expression, in the common part of what Swift and ECMAScript understand.
  struct Form: Sendable {
    let pattern: String
    let wanted: String
    /// Names may look like numbers or like true and false. They are taken as they are spelled.
    var isName = false

    private static let decimal = "([0-9]+[.]?[0-9]*|[.][0-9]+)"
    private static let units = "(\(decimal)d)?(\(decimal)h)?(\(decimal)m)?(\(decimal)s)?(\(decimal)ms)?"
    private static let leapDay =
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
    private static let date =
      "([0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)|\(leapDay))"
    private static let zone = "(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])"
    private static let time = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"

    static let duration = Form(
      pattern: "^(?=[0-9.])\(units)$", wanted: "a duration such as 90s, 5m or 24h")
    static let positiveDuration = Form(
      pattern: "^(?=.*[1-9])\(units)$", wanted: "a duration such as 90s, 5m or 24h, above zero")
    static let signedDuration = Form(
      pattern: "^-?(?=.*[1-9])\(units)$", wanted: "a duration such as 1h or -1h")
    static let share = Form(
      pattern: "^(0*([0-9]{1,2}([.][0-9]*)?|100([.]0*)?)|[.][0-9]+)%$", wanted: "a share such as 20%")
    static let jitter = Form(
      pattern: "^(0*([0-8]?[0-9]([.][0-9]*)?|90([.]0*)?)|[.][0-9]+)%$",
      wanted: "a share such as 20%, of at most 90%")
    static let level = Form(pattern: "^\(decimal)%$", wanted: "a level such as 150%")
    static let instant = Form(
      pattern: "^\(date)([T ]\(time)\(zone)?)?$", wanted: "a time such as 2026-01-01T00:00:00Z")
    static let speed = Form(
      pattern: "^(real|max|x(?=.*[1-9])\(decimal))$", wanted: "real, max or a factor such as x60")
    static let broker = Form(
      pattern: "^mqtts?://[^/@]+/?$", wanted: "mqtt://host:port or mqtts://host:port")
    static let size = Form(
      pattern: "^\(decimal)([kKMGT]?B|[KMGT]iB)?$",
      wanted: "a size of at least \(ScenarioSchema.leastRetainBytes) bytes, such as 500MB")
    static let delimiter = Form(pattern: "^([\\x00-\\x7F]|tab)$", wanted: "one character or tab")
    static let identifier = Form(
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      wanted: "a name of letters, digits, dots, dashes, underscores",
      isName: true)
    /// A device that is chosen by name: of a group, so that it never looks like a number.
    static let device = Form(pattern: identifier.pattern, wanted: "the name of a device")
    /// Before `-0001`.
    static let devicePrefix = Form(
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,58}$",
      wanted: "a name of at most 59 letters, digits, dots, dashes, underscores", isName: true)
  }

  struct Key: Sendable {
    let name: String
    let kind: Kind
    let about: String
    var isRequired = false
  }

  /// A mapping with these keys and no others.
  struct Mapping: Sendable {
    let name: String
    let keys: [Key]
    /// Sets of keys of which exactly one is given.
    var exactlyOneOf: [[String]] = []
    /// Sets of keys of which one may be given.
    var atMostOneOf: [[String]] = []
    /// Keys that need another one beside them.
    var needs: [(key: String, other: String)] = []

    subscript(name: String) -> Key? { keys.first { $0.name == name } }
  }

  /// The most of anything that is counted, where the table says no less: what 32 bits hold, as in Azure's settings.
  static let mostOfACount: UInt64 = 2_147_483_647
  /// The most bytes that a number can ask for; editors count in doubles.
  static let mostBytes: UInt64 = 1 << 53
}
