import BatchScoring
import Compute
import DeviceFleet
import Foundation
import OneClassSVM

extension ScenarioSchema {
  static let anomalyKinds = AnomalyCatalogue.kinds.map { $0.name }
  static let transportKinds = TransportCatalogue.kinds.map { $0.name }
  static let timeFormats = ReplayRecipe.TimeFormat.allCases.map(\.rawValue)
  static let granularities = ModelScope.allCases.map(\.rawValue)
  static let features = Aggregate.allCases.map(\.rawValue)
  static let kernels = KernelFamily.allCases.map(\.rawValue)
  static let thresholds = Threshold.names
  static let computeTargets = ComputeSettings.Kind.allCases.map(\.rawValue)
  static let outputActions = OutputAction.allCases.map(\.rawValue)
  static let loggingLevels = LoggingLevel.allCases.map(\.rawValue)
  static let gammas = ["scale", "auto"]

  /// The table as a JSON Schema (draft 2020-12), for editors; the text of `Scenarios/scenario.schema.json`.
  package static func json() throws -> String {
    guard case .object(var root) = object(scenario) else { preconditionFailure("a mapping is an object") }
    root["$schema"] = .text("https://json-schema.org/draft/2020-12/schema")
    root["title"] = .text("Sonde scenario")
    root["$defs"] = .object(["signal": object(signal)])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(ReportValue.object(root)), as: UTF8.self) + "\n"
  }

  /// Every key's path, such as `fleet[].sensors.*.unit`.
  package static var paths: [String] { paths(of: scenario, under: "") }

  private static func paths(of mapping: Mapping, under prefix: String) -> [String] {
    mapping.keys.flatMap { key in [prefix + key.name] + paths(of: key.kind, under: prefix + key.name) }
  }

  private static func paths(of kind: Kind, under prefix: String) -> [String] {
    switch kind {
    case .object(let mapping): paths(of: mapping, under: prefix + ".")
    case .map(let mapping, _, _): paths(of: mapping, under: prefix + ".*.")
    case .list(let element, _, _, _): paths(of: element, under: prefix + "[]")
    default: []
    }
  }

  private static func object(_ mapping: Mapping) -> ReportValue {
    var object: [String: ReportValue] = [
      "type": .text("object"), "additionalProperties": .bool(false),
      "properties": .object(Dictionary(uniqueKeysWithValues: mapping.keys.map { ($0.name, described($0)) })),
    ]
    let required = mapping.keys.filter(\.isRequired).map { ReportValue.text($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    func having(_ names: [String]) -> ReportValue { .object(["required": .array(names.map { .text($0) })]) }
    var rules = mapping.exactlyOneOf.map { names in
      ReportValue.object(["oneOf": .array(names.map { having([$0]) })])
    }
    rules += mapping.atMostOneOf.map { .object(["not": having($0)]) }
    if !rules.isEmpty { object["allOf"] = .array(rules) }
    if !mapping.needs.isEmpty {
      object["dependentRequired"] = .object(
        Dictionary(uniqueKeysWithValues: mapping.needs.map { ($0.key, .array([.text($0.other)])) }))
    }
    return .object(object)
  }

  private static func described(_ key: Key) -> ReportValue {
    guard case .object(var value) = schema(key.kind) else { preconditionFailure("every kind is an object") }
    value["description"] = .text(key.about)
    return .object(value)
  }

  private static func type(_ name: String, _ more: [String: ReportValue] = [:]) -> ReportValue {
    .object(more.merging(["type": .text(name)]) { $1 })
  }

  private static func number(_ bounds: Bounds) -> ReportValue {
    // Infinity is a number for editors, and none for us. What is no number at all (`.nan`) no schema can keep out.
    var limits: [String: ReportValue] = [
      "minimum": .number(bounds.atLeast ?? -.greatestFiniteMagnitude),
      "maximum": .number(bounds.atMost ?? .greatestFiniteMagnitude),
    ]
    if let above = bounds.above {
      limits["minimum"] = nil
      limits["exclusiveMinimum"] = .number(above)
    }
    if let below = bounds.below {
      limits["maximum"] = nil
      limits["exclusiveMaximum"] = .number(below)
    }
    return type("number", limits)
  }

  private static func text(_ form: Form) -> ReportValue {
    guard form.isName else { return type("string", ["pattern": .text(form.pattern)]) }
    return .object([
      "type": .array([.text("string"), .text("number"), .text("boolean")]), "pattern": .text(form.pattern),
      "minimum": .number(0),
    ])
  }

  private static func choice(_ names: [String]) -> ReportValue {
    var values: [ReportValue] = []
    for name in names {
      values.append(.text(name))
      if case .number(let number, _)? = DocumentNode.number(name) { values.append(.number(number)) }
      if let value = DocumentNode.booleanOfVersion1(name) { values.append(.bool(value)) }
    }
    return .object(["enum": .array(values)])
  }

  private static func orTwo(_ one: ReportValue) -> ReportValue {
    .object([
      "anyOf": .array([one, type("array", ["items": one, "minItems": .number(2), "maxItems": .number(2)])])
    ])
  }

  private static func schema(_ kind: Kind) -> ReportValue {
    let parts = type("array", ["items": .object(["$ref": .text("#/$defs/signal")]), "minItems": .number(1)])
    switch kind {
    case .text: return .object(["type": .array([.text("string"), .text("number"), .text("boolean")])])
    case .wholeNumber(let minimum, .max):
      // 2^64: a double holds it exactly, and not the number before.
      return type("integer", ["minimum": .number(Double(minimum)), "exclusiveMaximum": .number(0x1p64)])
    case .wholeNumber(let minimum, let maximum):
      return type("integer", ["minimum": .number(Double(minimum)), "maximum": .number(Double(maximum))])
    case .number(let bounds): return number(bounds)
    case .boolean: return type("boolean")
    case .form(let form): return text(form)
    case .choice(let names, let aliases): return choice(names + aliases)
    case .object(let mapping): return object(mapping)
    case .span:
      return type(
        "array", ["items": text(.duration), "minItems": .number(2), "maxItems": .number(2)])
    case .map(let mapping, let names, let isNothingAllowed):
      let value = object(mapping)
      return type(
        "object",
        [
          "propertyNames": type("string", ["pattern": .text(names.pattern)]), "minProperties": .number(1),
          "additionalProperties": isNothingAllowed
            ? .object(["anyOf": .array([value, type("null")])]) : value,
        ])
    case .varied(let bounds): return orTwo(number(bounds))
    case .variedDuration(let form): return orTwo(text(form))
    case .parts: return parts
    case .list(.object(let mapping), _, _, _) where mapping.name == signal.name: return parts
    case .list(let element, let least, let most, let isUnique):
      var limits = ["items": schema(element)]
      if least > 0 { limits["minItems"] = .number(Double(least)) }
      if let most { limits["maxItems"] = .number(Double(most)) }
      if isUnique { limits["uniqueItems"] = .bool(true) }
      return type("array", limits)
    case .any(let kinds): return .object(["anyOf": .array(kinds.map(schema))])
    }
  }
}
