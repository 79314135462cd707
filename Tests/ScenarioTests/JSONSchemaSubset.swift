import Files
import Foundation
import Scenario

/// A validator for the part of JSON Schema (draft 2020-12) that `scenario.schema.json` uses, written from the specification
/// and not from Sonde's own table. A keyword that it does not know is a fault of the test.
struct JSONSchemaSubset {
  let root: JSONValue

  init(_ text: String) throws { root = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

  struct UnknownKeyword: Error { let name: String }

  /// Keywords that say nothing about validity.
  private static let annotations: Set<String> = ["$schema", "$defs", "title", "description"]

  func isValid(_ value: JSONValue) throws -> Bool { try isValid(value, root) }

  private func isValid(_ value: JSONValue, _ schema: JSONValue) throws -> Bool {
    guard case .object(let keywords) = schema else { throw UnknownKeyword(name: "\(schema)") }
    for (name, rule) in keywords where !Self.annotations.contains(name) {
      if try !holds(value, name, rule, keywords) { return false }
    }
    return true
  }

  private func holds(_ value: JSONValue, _ name: String, _ rule: JSONValue, _ all: [String: JSONValue])
    throws -> Bool
  {
    switch (name, rule) {
    case ("$ref", .text(let path)):
      let steps = path.split(separator: "/").dropFirst().map(String.init)
      return try isValid(value, steps.reduce(root) { $0[$1] })
    case ("type", .text(let type)): return Self.is(value, type)
    case ("type", .array(let types)):
      return types.contains { if case .text(let type) = $0 { Self.is(value, type) } else { false } }
    case ("enum", .array(let values)): return values.contains(value)
    case ("minimum", .number(let bound)): return value.number.map { $0 >= bound } ?? true
    case ("maximum", .number(let bound)): return value.number.map { $0 <= bound } ?? true
    case ("exclusiveMinimum", .number(let bound)): return value.number.map { $0 > bound } ?? true
    case ("exclusiveMaximum", .number(let bound)): return value.number.map { $0 < bound } ?? true
    case ("pattern", .text(let pattern)):
      guard case .text(let text) = value else { return true }
      return text.range(of: pattern, options: .regularExpression) != nil
    case ("items", _): return try value.elements?.allSatisfy { try isValid($0, rule) } ?? true
    case ("minItems", .number(let least)): return value.elements.map { Double($0.count) >= least } ?? true
    case ("maxItems", .number(let most)): return value.elements.map { Double($0.count) <= most } ?? true
    case ("uniqueItems", .bool(true)): return value.elements.map { Set($0).count == $0.count } ?? true
    case ("required", .array(let names)): return value.members.map { Self.has($0, names) } ?? true
    case ("minProperties", .number(let least)): return value.members.map { Double($0.count) >= least } ?? true
    case ("properties", .object(let schemas)):
      return try (value.members ?? [:]).allSatisfy { name, member in
        try schemas[name].map { try isValid(member, $0) } ?? true
      }
    case ("propertyNames", _):
      return try value.members?.keys.allSatisfy { try isValid(.text($0), rule) } ?? true
    case ("additionalProperties", _):
      let known = all["properties"]?.members ?? [:]
      let others = (value.members ?? [:]).filter { known[$0.key] == nil }
      if case .bool(let isAllowed) = rule { return isAllowed || others.isEmpty }
      return try others.values.allSatisfy { try isValid($0, rule) }
    case ("dependentRequired", .object(let needs)):
      guard let members = value.members else { return true }
      return needs.allSatisfy { members[$0.key] == nil || Self.has(members, $0.value.elements ?? []) }
    case ("anyOf", .array(let schemas)): return try schemas.contains { try isValid(value, $0) }
    case ("allOf", .array(let schemas)): return try schemas.allSatisfy { try isValid(value, $0) }
    case ("oneOf", .array(let schemas)): return try schemas.filter { try isValid(value, $0) }.count == 1
    case ("not", _): return try !isValid(value, rule)
    default: throw UnknownKeyword(name: name)
    }
  }

  private static func has(_ members: [String: JSONValue], _ names: [JSONValue]) -> Bool {
    names.allSatisfy { if case .text(let name) = $0 { members[name] != nil } else { false } }
  }

  private static func `is`(_ value: JSONValue, _ type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .number(let number):
      type == "number" || type == "integer" && number == number.rounded() && number.isFinite
    case .text: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}

extension JSONValue {
  fileprivate var number: Double? { if case .number(let number) = self { number } else { nil } }
  var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
  fileprivate subscript(name: String) -> JSONValue { members?[name] ?? .null }
}
