import Foundation
import Telemetry
import TestSupport
import Testing

/// Holds the code to the module table of ARCHITECTURE.md.
@Suite struct LayeringTests {
  /// The table's modules with their layers.
  private func layers() throws -> [String: Int] {
    let page = try String(contentsOfFile: "\(SondeProgram.packageRoot)/ARCHITECTURE.md", encoding: .utf8)
    var layers: [String: Int] = [:]
    for match in page.matches(of: /(?m)^\| (\d) \| `(\w+)` \|/) {
      layers[String(match.2)] = Int(match.1)
    }
    return layers
  }

  private func swiftFiles(in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
  }

  @Test func theTableListsEveryModule() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: "\(SondeProgram.packageRoot)/Sources")
    #expect(Set(folders) == Set(try layers().keys))
  }

  @Test func modulesImportOnlyFromBelow() throws {
    let layers = try layers()
    #expect(layers.count > 10)
    for (module, layer) in layers {
      for file in swiftFiles(in: "\(SondeProgram.packageRoot)/Sources/\(module)") {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for match in text.matches(of: /(?m)^(?:@\w+ )*import (?:\w+ )?(\w+)/) {
          guard let imported = layers[String(match.1)] else { continue }
          #expect(
            imported < layer, "\(file): \(module) (layer \(layer)) imports \(match.1) (layer \(imported))")
        }
      }
    }
  }

  /// What a target imports without saying so may be built after it, or before: a build then fails now and then.
  @Test func everyImportIsDeclared() throws {
    let root = SondeProgram.packageRoot
    let manifest = try String(contentsOfFile: "\(root)/Package.swift", encoding: .utf8)
    // A constant of the manifest stands for a name, such as `telemetry` for "Telemetry".
    var constants: [String: String] = [:]
    for match in manifest.matches(
      of: /let (\w+)(?:: Target\.Dependency)? =\s*(?:Target\.Dependency\.product\(name: )?"(\w+)"/)
    {
      constants[String(match.2)] = String(match.1)
    }
    let targets = try #require(manifest.components(separatedBy: "targets: [\n").last)
    let blocks = targets.split(separator: /\n    \.(?:target|testTarget|executableTarget|systemLibrary)\(/)
    var names: [Substring: Substring] = [:]
    for block in blocks {
      if let name = block.firstMatch(of: /name: "([\w-]+)"/) { names[name.1] = block }
    }
    #expect(names.count > 30)
    let declarable = Set(names.keys.map(String.init)).union(constants.keys)
    for (name, block) in names {
      let words = Set(block.matches(of: /\w+/).map { String($0.output) })
      let folder =
        block.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
        ?? (name.hasSuffix("Tests") ? "Tests/\(name)" : "Sources/\(name)")
      for file in swiftFiles(in: "\(root)/\(folder)") {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for match in text.matches(of: /(?m)^(?:@\w+ )*import (?:(?:struct|enum|class|func) )?(\w+)/) {
          let imported = String(match.1)
          guard declarable.contains(imported) else { continue }
          let isDeclared =
            block.contains("\"\(imported)\"")
            || constants[imported].map(words.contains) ?? false
          #expect(isDeclared, "\(file): \(name) imports \(imported), which Package.swift does not say")
        }
      }
    }
  }

  @Test func noFileSwitchesSafetyOffWithoutSayingWhy() throws {
    for file in swiftFiles(in: "\(SondeProgram.packageRoot)/Sources") {
      let lines = try String(contentsOfFile: file, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated()
      where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
        let before = lines[max(0, index - 4)..<index].joined(separator: "\n")
        #expect(before.contains("//"), "\(file):\(index + 1) needs a sentence on why it is safe")
      }
    }
  }

  /// What is written by a program is as long as it is.
  private static let generated: Set<String> = ["onnx.pb.swift"]
  private static let longestFile = 350

  @Test func noFileIsTooLongToBeReadInOneGo() throws {
    for folder in ["Sources", "Tests", "Benchmarks", "Tools"] {
      for file in swiftFiles(in: "\(SondeProgram.packageRoot)/\(folder)")
      where !Self.generated.contains((file as NSString).lastPathComponent) {
        let lines = try String(contentsOfFile: file, encoding: .utf8).count { $0 == "\n" }
        #expect(lines <= Self.longestFile, "\(file) has \(lines) lines")
      }
    }
  }

  /// Values of inner loops: what is not public is not inlined into other modules.
  private static let publicFiles = ["Telemetry/Timestamp.swift", "Telemetry/Identifiers.swift"]

  /// No other package can use a module of this one.
  @Test func nothingIsPublic() throws {
    for folder in ["Sources", "Tests", "Tools"] {
      for file in swiftFiles(in: "\(SondeProgram.packageRoot)/\(folder)")
      where !Self.publicFiles.contains(where: file.hasSuffix) {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let found = text.firstMatch(
          of: /(?m)^ *(?:@\w+ )*public (?:static|let|var|func|init|struct|enum|class)/)
        #expect(found == nil, "\(file): \(found.map { String($0.output) } ?? "")")
      }
    }
  }

  /// Without a name in its configuration a command's is made of that of its type, for which every start of the program looks through
  /// all its conformances: that has doubled the time of a start.
  @Test func everyCommandIsGivenItsName() throws {
    func unnamed(_ text: String) -> Int {
      text.matches(of: /struct \w+: (?:Async)?ParsableCommand/).count
        - text.matches(of: /commandName: "/).count
    }
    var commands = 0
    for file in swiftFiles(in: "\(SondeProgram.packageRoot)/Sources/sonde") {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(unnamed(text) == 0, "\(file) has a command without a name")
      guard text.contains("commandName: \"") else { continue }
      commands += 1
      #expect(unnamed(text.replacingOccurrences(of: "commandName: \"", with: "abstract: \"")) > 0)
    }
    #expect(commands > 20)
  }

  /// Names of random streams stand in one file, and the page lists them.
  @Test func everyRandomStreamIsInTheTable() throws {
    for file in swiftFiles(in: "\(SondeProgram.packageRoot)/Sources")
    where !file.hasSuffix("/RandomStream.swift") {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(!text.contains("stream: \""), "\(file) names a stream of its own")
    }
    let page = try String(contentsOfFile: "\(SondeProgram.packageRoot)/ARCHITECTURE.md", encoding: .utf8)
    for stream in RandomStream.table {
      #expect(page.contains("| `\(stream.name)` | \(stream.draws) |"), "\(stream.name)")
    }
  }
}
