import Files
import HTTP
import Telemetry
import Wording

/// An object of a request's body, whose keys are read without regard to case: Azure's documentation writes `InputData`, and its clients send
/// `inputData`. A key whose value is null is not there.
struct BodyObject {
  /// Where it stands, for messages: `properties.InputData`.
  let place: String
  private let members: [String: (name: String, value: JSONValue)]

  /// Throws ``RequestFault`` where `value` is no object, or has one key in two spellings.
  init(_ value: JSONValue, at place: String) throws(RequestFault) {
    guard case .object(let object) = value else {
      throw RequestFault("\(place.isEmpty ? "the body" : place): expected an object")
    }
    self.place = place
    var members: [String: (name: String, value: JSONValue)] = [:]
    for (name, value) in object.sorted(by: { $0.key < $1.key }) {
      if let other = members.updateValue((name, value), forKey: name.lowercased()) {
        throw RequestFault("\(place): \(other.name.quoted) and \(name.quoted) are the same key")
      }
    }
    self.members = members
  }

  /// The names of the author's own that it has, as they are spelled, in their order.
  var names: [String] { members.values.map(\.name).sorted() }

  /// Throws ``RequestFault`` where it has other keys than `known`, with the one that was probably meant.
  func refuseOthers(than known: [String]) throws(RequestFault) {
    let lowered = Set(known.map { $0.lowercased() })
    for (key, member) in members.sorted(by: { $0.key < $1.key }) where !lowered.contains(key) {
      let meant = NearestName.of(member.name, among: known).map { "; did you mean \($0.quoted)?" }
      throw RequestFault("\(at(member.name.excerpt)) is not known\(meant ?? "")")
    }
  }

  /// How messages call the value of a key.
  func at(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

  func value(_ name: String) -> JSONValue? {
    guard let value = members[name.lowercased()]?.value, value != .null else { return nil }
    return value
  }

  /// Throws ``RequestFault`` where it is no text, or longer than ``BatchDefaults/textBytes``.
  func text(_ name: String) throws(RequestFault) -> String? {
    guard let value = value(name) else { return nil }
    guard case .text(let text) = value else { throw RequestFault("\(at(name)): expected text") }
    guard text.utf8.count <= BatchDefaults.textBytes else {
      throw RequestFault("\(at(name)): a text has \(BatchDefaults.textBytes) bytes at most")
    }
    return text
  }

  /// A whole number, or a text: Azure's documentation writes numbers as texts.
  func numberOrText(_ name: String) throws(RequestFault) -> String? {
    if case .number(let number) = value(name) {
      guard let whole = Int(exactly: number) else {
        throw RequestFault("\(at(name)): expected a whole number, found \(number)")
      }
      return String(whole)
    }
    guard case .text? = value(name) else {
      guard value(name) == nil else { throw RequestFault("\(at(name)): expected a whole number") }
      return nil
    }
    return try text(name)
  }

  /// Throws ``RequestFault`` where it is no object.
  func object(_ name: String) throws(RequestFault) -> BodyObject? {
    guard let value = value(name) else { return nil }
    return try BodyObject(value, at: at(name))
  }

  /// An object whose values are texts: tags and properties.
  func texts(_ name: String) throws(RequestFault) -> [String: String] {
    guard let value = value(name) else { return [:] }
    guard case .object(let object) = value else { throw RequestFault("\(at(name)): expected an object") }
    guard object.count <= BatchDefaults.mostTags else {
      throw RequestFault(
        "\(at(name)): \(object.count) entries are too many; \(BatchDefaults.mostTags) are the most")
    }
    var texts: [String: String] = [:]
    for (key, value) in object {
      guard case .text(let text) = value, text.utf8.count <= BatchDefaults.textBytes,
        key.utf8.count <= BatchDefaults.textBytes
      else {
        throw RequestFault(
          "\(at(name)).\(key.excerpt): expected a text of \(BatchDefaults.textBytes) bytes at most")
      }
      texts[key] = text
    }
    return texts
  }
}
