import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The files of `--metrics`, as Prometheus' own tool and node_exporter's textfile collector read them.
@Suite struct PrometheusTests {
  private static let promtool = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  /// The metrics of a job in a folder of its own.
  private func metrics() async throws -> String {
    try await ScoringRun.with { run in
      let path = "\(run.folder)/sonde.prom"
      #expect(
        try await run.schedule(["--cron", "0 */6 * * *", "--max-instances", "1", "--metrics", path])
          == .exited(code: 0))
      return try String(contentsOfFile: path, encoding: .utf8)
    }
  }

  @Test func theFilesOfTwoRunsHaveNoSampleInCommon() async throws {
    let texts = [try await metrics(), try await metrics()]
    func lines(_ text: String, comments: Bool) -> Set<Substring> {
      Set(text.split(separator: "\n").filter { $0.hasPrefix("#") == comments })
    }
    let samples = texts.map { text in
      Set(lines(text, comments: false).compactMap { $0.split(separator: "} ").first })
    }
    #expect(!samples[0].isEmpty && samples[0].isDisjoint(with: samples[1]))
    #expect(lines(texts[0], comments: true) == lines(texts[1], comments: true))
    for text in texts { #expect(text.firstMatch(of: /[{,](?:job|instance)=/) == nil) }
  }

  @Test(
    .enabled(
      if: promtool != nil, "promtool is not installed here; Debian's package prometheus has it"))
  func promtoolFindsNothing() async throws {
    let promtool = try #require(Self.promtool)
    let text = try await metrics()
    try await withTemporaryFolder { folder in
      // From a file: a program that ends before it has read a pipe would end this process too.
      let file = "\(folder)/sonde.prom"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let result = try await Subprocess.run(
        .path("/bin/sh"), arguments: ["-c", "exec \"$0\" check metrics < \"$1\"", promtool, file],
        output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
      let said = result.standardOutput + result.standardError
      #expect(result.terminationStatus == .exited(0) && said.isEmpty, "\(said)")
    }
  }
}
