import Files
import Foundation

extension Schema.Mapping {
  /// The table as a JSON Schema (draft 2020-12), for editors.
  ///
  /// - Parameter definitions: The mappings of ``Schema/Kind/nested(_:)``, which the schema refers to by their names.
  package func jsonSchema(title: String, definitions: [Schema.Mapping]) throws -> String {
    let json = SchemaJSON(definitions: definitions)
    guard case .object(var root) = json.object(self) else { preconditionFailure("a mapping is an object") }
    root["$schema"] = .text("https://json-schema.org/draft/2020-12/schema")
    root["title"] = .text(title)
    root["$defs"] = .object(
      Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, json.object($0)) }))
    return try JSONValue.object(root).indented()
  }

  /// Every key's path, such as `fleet[].sensors.*.unit`.
  package var paths: [String] { paths(under: "") }

  private func paths(under prefix: String) -> [String] {
    keys.flatMap { key in [prefix + key.name] + Self.paths(of: key.kind, under: prefix + key.name) }
  }

  private static func paths(of kind: Schema.Kind, under prefix: String) -> [String] {
    switch kind {
    case .object(let mapping): mapping.paths(under: prefix + ".")
    case .map(let mapping, _, _): mapping.paths(under: prefix + ".*.")
    case .list(let element, _, _, _): paths(of: element, under: prefix + "[]")
    case .any(let kinds): kinds.flatMap { paths(of: $0, under: prefix) }
    default: []
    }
  }
}

/// Writes tables of keys as JSON Schema.
private struct SchemaJSON {
  let definitions: [Schema.Mapping]

  func object(_ mapping: Schema.Mapping) -> JSONValue {
    var object: [String: JSONValue] = [
      "type": .text("object"), "additionalProperties": .bool(false),
      "properties": .object(Dictionary(uniqueKeysWithValues: mapping.keys.map { ($0.name, described($0)) })),
    ]
    let required = mapping.keys.filter(\.isRequired).map { JSONValue.text($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    func having(_ names: [String]) -> JSONValue { .object(["required": .array(names.map { .text($0) })]) }
    var rules = mapping.exactlyOneOf.map { names in
      JSONValue.object(["oneOf": .array(names.map { having([$0]) })])
    }
    rules += mapping.atMostOneOf.map { .object(["not": having($0)]) }
    if !rules.isEmpty { object["allOf"] = .array(rules) }
    if !mapping.needs.isEmpty {
      object["dependentRequired"] = .object(
        Dictionary(uniqueKeysWithValues: mapping.needs.map { ($0.key, .array([.text($0.other)])) }))
    }
    return .object(object)
  }

  private func described(_ key: Schema.Key) -> JSONValue {
    guard case .object(var value) = schema(key.kind) else { preconditionFailure("every kind is an object") }
    value["description"] = .text(key.about)
    return .object(value)
  }

  private func type(_ name: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(more.merging(["type": .text(name)]) { $1 })
  }

  private func number(_ bounds: Schema.Bounds) -> JSONValue {
    // Infinity is a number for editors, and none for us. What is no number at all (`.nan`) no schema can keep out.
    var limits: [String: JSONValue] = [
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

  private func text(_ form: Schema.Form) -> JSONValue {
    guard form.isName else { return type("string", ["pattern": .text(form.pattern)]) }
    return .object([
      "type": .array([.text("string"), .text("number"), .text("boolean")]), "pattern": .text(form.pattern),
      "minimum": .number(0),
    ])
  }

  private func choice(_ names: [String]) -> JSONValue {
    var values: [JSONValue] = []
    for name in names {
      values.append(.text(name))
      if case .number(let number, _)? = DocumentNode.number(name) { values.append(.number(number)) }
      if let value = DocumentNode.booleanOfVersion1(name) { values.append(.bool(value)) }
    }
    return .object(["enum": .array(values)])
  }

  private func orTwo(_ one: JSONValue) -> JSONValue {
    .object([
      "anyOf": .array([one, type("array", ["items": one, "minItems": .number(2), "maxItems": .number(2)])])
    ])
  }

  private func schema(_ kind: Schema.Kind) -> JSONValue {
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
    case .shares(let names): return schema(.table(.wholeNumber(minimum: 0, maximum: 100), names: names))
    case .table(let kind, let names, let isNothingAllowed):
      let value = schema(kind)
      return type(
        "object",
        [
          "propertyNames": type("string", ["pattern": .text(names.pattern)]), "minProperties": .number(1),
          "additionalProperties": isNothingAllowed
            ? .object(["anyOf": .array([value, type("null")])]) : value,
        ])
    case .varied(let bounds): return orTwo(number(bounds))
    case .variedDuration(let form): return orTwo(text(form))
    case .nested(let nested): return reference(nested.mapping().name)
    case .list(.object(let mapping), _, _, _) where definitions.contains(where: { $0.name == mapping.name }):
      return reference(mapping.name)
    case .list(let element, let least, let most, let isUnique):
      var limits = ["items": schema(element)]
      if least > 0 { limits["minItems"] = .number(Double(least)) }
      if let most { limits["maxItems"] = .number(Double(most)) }
      if isUnique { limits["uniqueItems"] = .bool(true) }
      return type("array", limits)
    case .any(let kinds): return .object(["anyOf": .array(kinds.map(schema))])
    }
  }

  /// A list of at least one of what is defined as `name`.
  private func reference(_ name: String) -> JSONValue {
    type("array", ["items": .object(["$ref": .text("#/$defs/\(name)")]), "minItems": .number(1)])
  }
}
