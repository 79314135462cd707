import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `.ci/build-time` on a package of two modules and a program.
@Suite struct BuildTimeTests {
  private static let sources = [
    "Package.swift": """
    // swift-tools-version: 6.2
    import PackageDescription
    let package = Package(
      name: "small",
      targets: [
        .target(name: "CThing"), .target(name: "Middle", dependencies: ["CThing"]),
        .executableTarget(name: "small-tool", dependencies: ["Middle"]),
      ])
    """,
    "Sources/CThing/include/thing.h": "int thing(int x);\n",
    "Sources/CThing/thing.c": "#include \"thing.h\"\nint thing(int x) { return x + 1; }\n",
    "Sources/Middle/Middle.swift": "import CThing\npublic func middle() -> Int32 { thing(3) }\n",
    "Sources/small-tool/main.swift": "import Middle\nprint(middle())\n",
  ]

  private func buildTime(in package: String) async throws -> (
    status: TerminationStatus, output: String, errors: String
  ) {
    let result = try await Subprocess.run(
      .path(FilePath("\(package)/.ci/build-time")),
      arguments: ["swift", "build", "-c", "release", "--product", "small-tool"],
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return (result.terminationStatus, result.standardOutput, result.standardError)
  }

  @Test func everyModuleIsListedAndNothingIsLeft() async throws {
    try await withTemporaryFolder { folder in
      let package = "\(folder)/a package"
      let manager = FileManager.default
      for name in ["Tests", "Benchmarks", "Tools", ".ci"] {
        try manager.createDirectory(atPath: "\(package)/\(name)", withIntermediateDirectories: true)
      }
      for (path, text) in Self.sources {
        let file = "\(package)/\(path)"
        try manager.createDirectory(
          atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
      }
      for script in ["build-time", "timed-compiler"] {
        try manager.copyItem(
          atPath: "\(SondeProgram.packageRoot)/.ci/\(script)", toPath: "\(package)/.ci/\(script)")
      }
      let before = try manager.subpathsOfDirectory(atPath: package).sorted()

      let built = try await buildTime(in: package)
      #expect(built.status == .exited(0), "\(built.errors)")
      let parts = built.output.components(separatedBy: "\n\n")
      let titles = parts.map { $0.split(separator: "\n").first.map(String.init) ?? "" }
      #expect(titles == ["Modules of our own", "Linking", "Manifests", "The whole build"], "\(built.output)")
      /// Processor seconds and names of the rows of a part.
      func rows(_ part: Int) -> [(Double, String)] {
        parts[part].matches(of: #/(?m)^ +([0-9.]+) +[0-9.]+  (\S.*)$/#)
          .map { (Double($0.1) ?? .nan, String($0.2)) }
      }
      try #require(parts.count == 4)
      #expect(Set(rows(0).map(\.1)) == ["CThing", "Middle", "small_tool"], "\(built.output)")
      #expect(rows(0).map(\.0) == rows(0).map(\.0).sorted(by: >), "\(built.output)")
      #expect(parts[0].contains("together, 3"))
      #expect(rows(1).map(\.1) == ["small_tool"] && rows(2).map(\.1) == ["Package.swift"], "\(built.output)")
      #expect(rows(3).count == 1 && rows(3)[0].0 >= rows(0).map(\.0).reduce(0, +), "\(built.output)")
      for line in built.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }

      try "import CThing\npublic func middle() -> Int32 { thing(\"3\") }\n"
        .write(toFile: "\(package)/Sources/Middle/Middle.swift", atomically: true, encoding: .utf8)
      let broken = try await buildTime(in: package)
      #expect(broken.status == .exited(70) && broken.output.isEmpty, "\(broken.output)")
      #expect(broken.errors.contains("cannot convert value of type 'String'"), "\(broken.errors)")
      #expect(broken.errors.contains("build-time: the build failed"), "\(broken.errors)")
      #expect(try manager.subpathsOfDirectory(atPath: package).sorted() == before)
    }
  }
}
