import Discovery
import Foundation
import TestSupport
import Testing

/// `docs/discovery.md` shows what the program prints.
@Suite struct DiscoveryPageTests {
  @Test func itsExampleIsWhatIsPrinted() throws {
    let page = try String(contentsOfFile: SondeProgram.packageRoot + "/docs/discovery.md", encoding: .utf8)
    let example = try #require(page.components(separatedBy: "```yaml\n").dropFirst().first)
    let printed = Plants.page().surveyed().document(
      of: "#", at: "mqtt://127.0.0.1:1883", from: Plant.start)
    #expect(example.components(separatedBy: "```").first == printed, "the program prints\n\(printed)")
  }

  /// The figures of its table of bounds are those of the program.
  @Test func itsBoundsAreThoseOfTheProgram() throws {
    let page = try String(contentsOfFile: SondeProgram.packageRoot + "/docs/discovery.md", encoding: .utf8)
    for (what, bound) in [
      ("levels of topics told apart, in all", DiscoveryDefaults.maximumNodes),
      ("names of one level", DiscoveryDefaults.maximumNamesOfALevel),
      ("names taken out of a pattern", DiscoveryDefaults.maximumNamesApart),
      ("messages kept whole", DiscoveryDefaults.maximumKeptMessages),
      ("members of one pattern's payloads", DiscoveryDefaults.maximumPaths),
      ("patterns shown", DiscoveryDefaults.maximumPatterns),
    ] {
      let text = NumberFormatter.localizedString(from: NSNumber(value: bound), number: .none)
      let grouped = bound < 1_000 ? text : "\(bound / 1_000),\(String(bound + 1_000_000).suffix(3))"
      #expect(page.contains("| \(what) | \(grouped) |"), "\(what): \(grouped)")
    }
  }
}
