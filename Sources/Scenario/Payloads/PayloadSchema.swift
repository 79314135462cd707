import Documents
import PayloadMapping

/// The keys of a payload mapping: of its files, and of `ingestion.payload` in a scenario.
enum PayloadSchema {
  typealias Mapping = Schema.Mapping
  typealias Key = Schema.Key
  typealias Kind = Schema.Kind

  static let mapping = Mapping(
    name: "payload",
    keys: [
      Key(
        name: "name", kind: .identifier,
        about: "What the mapping is called in messages. Default: the name of its file, or payload."),
      Key(name: "about", kind: .text, about: "What sends such payloads, in a sentence."),
      Key(
        name: "messages",
        kind: .list(.object(message), atLeast: 1, atMost: PayloadMapping.maximumMessages),
        about: "Which messages there are, and how each is read; the first entry that fits a message counts.",
        isRequired: true),
    ])

  private static let texts = MessageMapping.TextPolicy.allCases.map(\.rawValue)
  private static let booleans = MessageMapping.BooleanPolicy.allCases.map(\.rawValue)
  private static let lists = MessageMapping.ListPolicy.allCases.map(\.rawValue)
  private static let textOrTexts = Kind.any([.text, .list(.text, atLeast: 1)])
  private static let anyText = Schema.Form(pattern: "^[\\s\\S]*$", wanted: "text")

  /// What becomes of single values: keys that an entry has, and that each of its `values` may have for itself.
  private static let ofValues = [
    Key(
      name: "sensor", kind: .text,
      about:
        "A template of the sensor's name, such as {component}.{name}. Default {name}, the keys of the value."
    ),
    Key(name: "separator", kind: .text, about: "What stands between the keys in {name}. Default a dot."),
    Key(name: "drop_prefix", kind: .text, about: "What is taken off at the beginning of {name}."),
    Key(
      name: "texts", kind: .choice(texts),
      about: "What becomes of texts that enumeration does not have. Default refuse."),
    Key(
      name: "booleans", kind: .choice(booleans),
      about: "number takes true as 1 and false as 0. Default refuse."),
    Key(
      name: "lists", kind: .choice(lists),
      about: "number takes the elements, named by their place from 0. Default refuse."),
    Key(
      name: "enumeration", kind: .table(.number(), names: anyText, isNothingAllowed: true),
      about: "Texts that stand for numbers, such as { \"ON\": 1, \"OFF\": 0 }; null: there is no reading."),
  ]

  static let message = Mapping(
    name: "message",
    keys: [
      Key(
        name: "topic", kind: textOrTexts,
        about: "A topic pattern such as tele/{device}/SENSOR, or a list of them.", isRequired: true),
      Key(name: "ignore", kind: .boolean, about: "true: such messages are none of ours."),
      Key(
        name: "where", kind: .table(.text, names: anyText),
        about: "Members of the payload that must have a text, by their paths; * stands for any characters."),
      Key(
        name: "format", kind: .choice(MessageMapping.Format.allCases.map(\.rawValue)),
        about: "How payloads are written. Default json."),
      Key(
        name: "records", kind: .text,
        about: "Where in the payload the records are, such as readings.*. Default: it is one record."),
      Key(
        name: "names", kind: .table(textOrTexts, names: name),
        about: "Names for texts of the payload, each with a path, or with several of which the first counts."),
      Key(name: "device", kind: .text, about: "A template of the device's name. Default {device}."),
      Key(
        name: "time", kind: .any([.choice([arrival]), .object(time)]),
        about: "Where the time is and how it is written; arrival where payloads have none."),
      Key(name: "epoch", kind: .text, about: "The path of the number of the device's life."),
      Key(name: "sequence", kind: .text, about: "The path of the number of the message within that life."),
      Key(
        name: "values", kind: .list(.any([.text, .object(values)]), atLeast: 1),
        about: "Where in a record the values are. Default: everything in it."),
      Key(
        name: "leave_out", kind: .list(.text), about: "Paths of what is no value, such as \"**.id\"."),
      Key(
        name: "without_values", kind: .choice(withoutValues),
        about: "ignore: a message of which nothing is a value is none of ours. Default reject."),
    ] + ofValues, exactlyOneOf: [["ignore", "time"]], needs: [("epoch", "sequence"), ("sequence", "epoch")])

  /// What becomes of a message that has no values.
  static let withoutValues = ["reject", "ignore"]

  /// In place of `time`'s keys.
  static let arrival = "arrival"

  private static let name = Schema.Form(pattern: "^[A-Za-z0-9_]+$", wanted: "a name of letters, digits and _")

  static let time = Mapping(
    name: "time",
    keys: [
      Key(
        name: "path", kind: textOrTexts,
        about: "Where the time is; of several paths the first that is there.",
        isRequired: true),
      Key(
        name: "unit", kind: .choice(MappedTime.Unit.allCases.map(\.rawValue)),
        about: "s, ms, us or ns since 1970; iso8601; or auto, by the look of the time.", isRequired: true),
      Key(name: "zone", kind: .text, about: "Of times without one, such as +01:00. Default UTC."),
      Key(
        name: "otherwise", kind: .choice([arrival]),
        about: "arrival takes the time of arrival where a record has none. Default: it is refused."),
    ])

  static let values = Mapping(
    name: "values",
    keys: [
      Key(
        name: "path", kind: .text, about: "Where the values are; \"\" is the whole record.", isRequired: true)
    ] + ofValues)
}
