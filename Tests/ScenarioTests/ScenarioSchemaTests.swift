import Foundation
import Scenario
import Testing

@Suite struct ScenarioSchemaTests {
  /// The checked-in schema is the decoder's own table. `SONDE_UPDATE_SCHEMA=1` writes it anew.
  @Test func theCheckedInSchemaHasTheDecodersKeys() throws {
    let path = Documents.folder + "/scenario.schema.json"
    if ProcessInfo.processInfo.environment["SONDE_UPDATE_SCHEMA"] != nil {
      try ScenarioSchema.json().write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == ScenarioSchema.json())
  }

  /// Each key of the table, given a value that no key can have, is refused by name: the decoder reads every one of them.
  @Test func theDecoderReadsEveryKeyOfTheTable() {
    for path in ScenarioSchema.paths where path != "about" {
      let setting = path.replacing("[]", with: "[0]").replacing("sensors.*", with: "sensors.temperature")
        .replacing("[0].noise", with: "[1].noise")
      // Text is allowed nearly everywhere; a list of lists is allowed nowhere.
      let faults = Documents.faults(set: ["\(setting)=[[[x]]]"])
      let key = path.split(separator: ".").last.map { String($0.replacing("[]", with: "")) } ?? path
      #expect(!faults.isEmpty, "\(path) takes anything")
      #expect(faults.contains { $0.contains(key) && !$0.contains("unknown key") }, "\(path): \(faults)")
    }
  }
}
