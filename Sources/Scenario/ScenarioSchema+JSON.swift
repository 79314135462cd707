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
  public static func json() throws -> String {
    guard case .object(var root) = object(scenario) else { preconditionFailure("a mapping is an object") }
    root["$schema"] = .text("https://json-schema.org/draft/2020-12/schema")
    root["title"] = .text("Sonde scenario")
    root["$defs"] = .object(["signal": object(signal)])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(ReportValue.object(root)), as: UTF8.self) + "\n"
  }

  /// Every key's path, such as `fleet[].sensors.*.unit`.
  public static var paths: [String] { paths(of: scenario, under: "") }

  private static func paths(of mapping: Mapping, under prefix: String) -> [String] {
    mapping.keys.flatMap { key in [prefix + key.name] + paths(of: key.kind, under: prefix + key.name) }
  }

  private static func paths(of kind: Kind, under prefix: String) -> [String] {
    switch kind {
    case .object(let mapping): paths(of: mapping, under: prefix + ".")
    case .map(let mapping): paths(of: mapping, under: prefix + ".*.")
    case .list(let element): paths(of: element, under: prefix + "[]")
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
    if let names = mapping.exactlyOneOf.first {
      object["oneOf"] = .array(names.map { .object(["required": .array([.text($0)])]) })
    }
    return .object(object)
  }

  private static func described(_ key: Key) -> ReportValue {
    guard case .object(var value) = schema(key.kind) else { preconditionFailure("every kind is an object") }
    value["description"] = .text(key.about)
    return .object(value)
  }

  private static func schema(_ kind: Kind) -> ReportValue {
    func type(_ name: String, _ more: [String: ReportValue] = [:]) -> ReportValue {
      .object(more.merging(["type": .text(name)]) { $1 })
    }
    func eitherOr(_ one: ReportValue) -> ReportValue {
      .object([
        "anyOf": .array([one, type("array", ["items": one, "minItems": .number(2), "maxItems": .number(2)])])
      ])
    }
    let parts = type("array", ["items": .object(["$ref": .text("#/$defs/signal")]), "minItems": .number(1)])
    let duration = type("string", ["pattern": .text("^([0-9]+([.][0-9]+)?(ms|s|m|h|d))+$")])
    switch kind {
    case .text: return .object(["type": .array([.text("string"), .text("number"), .text("boolean")])])
    case .wholeNumber(let minimum): return type("integer", ["minimum": .number(Double(minimum))])
    case .number: return type("number")
    case .positiveNumber: return type("number", ["exclusiveMinimum": .number(0)])
    case .boolean: return type("boolean")
    case .duration: return duration
    case .share: return type("string", ["pattern": .text("^[0-9]+([.][0-9]+)?%$")])
    case .instant: return type("string", ["format": .text("date-time")])
    case .choice(let names): return type("string", ["enum": .array(names.map { .text($0) })])
    case .pattern(let pattern): return type("string", ["pattern": .text(pattern)])
    case .object(let mapping): return object(mapping)
    case .span: return type("array", ["items": duration, "minItems": .number(2), "maxItems": .number(2)])
    case .map(let mapping):
      return type("object", ["additionalProperties": object(mapping), "minProperties": .number(1)])
    case .varied: return eitherOr(type("number"))
    case .variedDuration: return eitherOr(duration)
    case .parts: return parts
    case .list(.object(let mapping)) where mapping.name == signal.name: return parts
    case .list(let element): return type("array", ["items": schema(element)])
    case .any(let kinds): return .object(["anyOf": .array(kinds.map(schema))])
    }
  }
}
