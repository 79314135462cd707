import Foundation
import TestSupport
import Testing

/// The pages say what is true: the commands they name exist, and the files they point at are there.
@Suite struct PageTests {
  private static let pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(SondeProgram.packageRoot)/\(path)", encoding: .utf8)
  }

  @Test(arguments: pages) func everyMakeTargetExists(page: String) throws {
    let targets = Set(try text("Makefile").matches(of: #/(?m)^([a-z-]+):/#).map { String($0.1) })
    for match in try text(page).matches(of: #/\bmake ([a-z-]+)\b/#)
    where !["it", "a", "the"].contains(match.1) {
      #expect(targets.contains(String(match.1)), "\(page): make \(match.1)")
    }
  }

  @Test(arguments: pages) func everySubcommandExists(page: String) async throws {
    let help = try await SondeProgram.run(["--help"]).output
    let commands = Set(help.matches(of: #/(?m)^  ([a-z]+) /#).map { String($0.1) })
    #expect(commands.contains("run"))
    for match in try text(page).matches(of: #/`sonde ([a-z]+)/#) {
      #expect(commands.contains(String(match.1)), "\(page): sonde \(match.1)")
    }
  }

  /// What the changelog quotes may have gone since; where it leads must be there.
  @Test(arguments: pages + ["CHANGELOG.md"]) func everyFileThatIsPointedAtIsThere(page: String) throws {
    let text = try text(page)
    let links = text.matches(of: #/\]\(([^)#:]+)\)/#).map { String($0.1) }
    let quoted = text.matches(
      of: #/`((?:Sources|Tests|Scenarios|Data|docs|Benchmarks|Tools|Labs|\.ci)\/[\w\/.+-]+)`/#
    )
    .map { String($0.1) }
    let pictures = text.matches(of: #/(?:src|srcset)="([^"]+)"/#).map { String($0.1) }
    for path in links + (page == "CHANGELOG.md" ? [] : quoted) + pictures {
      #expect(
        FileManager.default.fileExists(atPath: "\(SondeProgram.packageRoot)/\(path)"), "\(page): \(path)")
    }
  }

  /// `make pictures` makes them; a page that is opened for a look is not to be heavy.
  @Test func theReadmeBeginsWithPictures() throws {
    let beginning = try text("README.md").components(separatedBy: "\n## ")[0]
    let images = beginning.matches(of: #/<img [^>]*src="(docs\/pictures\/[^"]+)" alt="[^"]{20,}"/#)
    #expect(images.count == 2 && beginning.contains("`make pictures`"))
    for match in beginning.matches(of: #/(?:src|srcset)="([^"]+)"/#) {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: "\(SondeProgram.packageRoot)/\(match.1)")
      let size = try #require((attributes[.size] as? NSNumber)?.intValue)
      #expect(size > 0 && size <= 250_000, "\(match.1)")
    }
  }

  @Test func theScenarioInTheReadmeIsSound() async throws {
    let section = try #require(try text("README.md").split(separator: "## A scenario\n").last)
    let block = section.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.hasPrefix("    ") }.prefix { $0.hasPrefix("    ") }
    try await withTemporaryFolder { folder in
      try block.map { $0.dropFirst(4) }.joined(separator: "\n")
        .write(toFile: "\(folder)/readme.yaml", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["validate", "\(folder)/readme.yaml"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test func everyScenarioIsSound() async throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(SondeProgram.packageRoot)/Scenarios")
    for name in names where name.hasSuffix(".yaml") {
      let outcome = try await SondeProgram.run(["validate", "Scenarios/\(name)"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  /// Nodes of a cluster have what `.ci/setup` installs, and no Swift.
  @Test func theProgramNeedsNoSwiftToRun() async throws {
    // What `ldd` does.
    let libraries = try await SondeProgram.run([], environment: ["LD_TRACE_LOADED_OBJECTS": "1"]).output
    #expect(libraries.contains("libsqlite3.so"))
    for name in ["libswift", "Foundation", "libdispatch"] { #expect(!libraries.contains(name)) }
  }
}
