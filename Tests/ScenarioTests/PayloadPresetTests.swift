import Foundation
import PayloadMapping
import Scenario
import Telemetry
import Testing

/// Each preset on messages as the documentation of its source shows them, and on broken ones.
@Suite(.timeLimit(.minutes(30))) struct PayloadPresetTests {
  @Test(arguments: PayloadPreset.allCases) func messagesOfTheDocumentationBecomeReadings(
    preset: PayloadPreset
  ) throws {
    let mapping = try PayloadDocument.mapping(of: preset)
    let samples = try PayloadSample.sound(preset)
    #expect(samples.count >= 6)
    for sample in samples {
      let differences = sample.differences(under: mapping)
      #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
  }

  @Test(arguments: PayloadPreset.allCases) func faultsAreNamedAndNeighboursKept(preset: PayloadPreset) throws
  {
    let mapping = try PayloadDocument.mapping(of: preset)
    let samples = try PayloadSample.malformed(preset)
    #expect(samples.count >= 3)
    for sample in samples {
      #expect(!sample.rejected.isEmpty || !sample.refused.isEmpty, "\(sample) has no fault")
      let differences = sample.differences(under: mapping)
      #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
  }

  @Test func thereAreAsManyMessagesAsPromised() throws {
    #expect(try PayloadPreset.allCases.map { try PayloadSample.sound($0).count }.reduce(0, +) >= 60)
    #expect(try PayloadPreset.allCases.map { try PayloadSample.malformed($0).count }.reduce(0, +) >= 40)
  }

  /// The judge is judged: whatever is changed in a preset, a message shows it.
  @Test(arguments: PayloadPreset.allCases) func aDamagedPresetIsFound(preset: PayloadPreset) throws {
    let mapping = try PayloadDocument.mapping(of: preset)
    let samples = try PayloadSample.sound(preset) + PayloadSample.malformed(preset)
    let damages = try PresetDamage.all(of: mapping)
    #expect(damages.count >= 8)
    for damage in damages {
      #expect(damage.mapping != mapping)
      #expect(
        samples.contains { !$0.differences(under: damage.mapping).isEmpty },
        "\(preset.rawValue): no message shows \(damage.what)")
    }
  }

  /// As the page says of all of them.
  @Test(arguments: PayloadPreset.allCases) func booleansAreNumbersAndTextsAreLeftOut(preset: PayloadPreset)
    throws
  {
    for (index, entry) in try PayloadDocument.mapping(of: preset).messages.enumerated() where !entry.isIgnored
    {
      for values in entry.values {
        let place = "\(preset.rawValue), entry \(index + 1): \(values.path)"
        #expect((values.booleans ?? entry.booleans) == .number, "\(place)")
        #expect([.leaveOut, .numberOrLeaveOut].contains(values.texts ?? entry.texts), "\(place)")
      }
    }
  }

  @Test(arguments: PayloadPreset.allCases) func aPresetIsTheSameFromAFile(preset: PayloadPreset) throws {
    let mapping = try PayloadDocument.mapping(of: preset)
    #expect(mapping.name == preset.rawValue && mapping.about != nil && mapping.problems.isEmpty)
    #expect(!mapping.filters.isEmpty)
    let file = try JSONEncoder().encode(mapping)
    #expect(try JSONDecoder().decode(PayloadMapping.self, from: file) == mapping)
    #expect(try PayloadDocument.named(preset.rawValue) == mapping)
  }
}

/// A preset with one thing changed.
struct PresetDamage {
  let what: String
  let mapping: PayloadMapping

  /// Every part that can be changed by itself: entries, topics, conditions, paths, templates, units, numbers and policies.
  static func all(of mapping: PayloadMapping) throws -> [PresetDamage] {
    var damages: [PresetDamage] = []
    for index in mapping.messages.indices {
      func damage(_ what: String, _ change: (inout MessageMapping) throws -> Void) rethrows {
        var damaged = mapping
        try change(&damaged.messages[index])
        damages.append(PresetDamage(what: "entry \(index + 1) \(what)", mapping: damaged))
      }
      let message = mapping.messages[index]
      var without = mapping
      without.messages.remove(at: index)
      damages.append(PresetDamage(what: "that entry \(index + 1) is not there", mapping: without))
      for (place, topic) in message.topics.enumerated() {
        try damage("with another topic than \(topic)") {
          $0.topics[place] = try TopicPattern("x" + topic.text)
        }
      }
      for place in message.conditions.indices {
        damage("without the condition \(message.conditions[place].path)") { $0.conditions.remove(at: place) }
        damage("with another text at \(message.conditions[place].path)") { $0.conditions[place].text = "x" }
      }
      guard !message.isIgnored else { continue }
      for (place, path) in message.time.paths.enumerated() {
        try damage("with another time than \(path)") { $0.time.paths[place] = try other(path) }
      }
      if !message.time.isArrival {
        damage("with another unit of time") {
          $0.time.unit = $0.time.unit == .milliseconds ? .seconds : .milliseconds
        }
        damage("that takes, or does not, the time of arrival") { $0.time.isOtherwiseArrival.toggle() }
      }
      for (place, name) in message.names.enumerated() {
        for (number, path) in name.paths.enumerated() {
          try damage("with another path of \(name.name) than \(path)") {
            $0.names[place].paths[number] = try other(path)
          }
        }
      }
      if let records = message.records {
        try damage("with other records than \(records)") { $0.records = try other(records, first: true) }
      }
      for (place, values) in message.values.enumerated() where !values.path.text.isEmpty {
        try damage("with other values than \(values.path)") { $0.values[place].path = try other(values.path) }
      }
      try damage("with other devices") { $0.device = try NameTemplate("x/" + $0.device.text) }
      try damage("with other sensors") { $0.sensor = try NameTemplate("x/" + $0.sensor.text) }
      for (place, path) in message.leaveOut.enumerated() {
        damage("that does not leave out \(path)") { $0.leaveOut.remove(at: place) }
      }
      for (place, one) in message.enumeration.enumerated() {
        damage("with another number for \(one.text)") { $0.enumeration[place].number = 17 }
      }
      if message.texts != .refuse { damage("that refuses texts") { $0.texts = .refuse } }
      if message.booleans != .refuse { damage("that refuses booleans") { $0.booleans = .refuse } }
      if message.lists != .refuse { damage("that refuses lists") { $0.lists = .refuse } }
      if message.ignoresWithoutValues {
        damage("that rejects what has no values") { $0.ignoresWithoutValues = false }
      }
    }
    return damages
  }

  private static func other(_ path: PayloadPath, first: Bool = false) throws -> PayloadPath {
    try PayloadPath(first ? "x" + path.text : path.text + "x")
  }
}
