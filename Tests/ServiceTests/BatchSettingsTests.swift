import Documents
import Files
import Foundation
import HTTP
import Service
import TestSupport
import Testing

/// The settings file of a server, and inputs by the names and versions that it gives.
@Suite struct BatchSettingsTests {
  private func faults(_ text: String) -> [String] {
    do {
      _ = try BatchSettings.parse(text, path: "/etc/settings.yaml")
      return []
    } catch {
      return (error as? Diagnostics)?.all.map(\.description) ?? ["\(error)"]
    }
  }

  @Test func pathsAreRelativeToTheFile() throws {
    let settings = try BatchSettings.parse(
      """
      endpoints: [pumps.yaml, /srv/valves.yaml]
      inputs:
        - { name: october, run: runs/october }
        - { name: rows, version: 2026-1, csv: ../rows, columns: "time=TS,value=V", delimiter: semicolon, time_unit: ms, models: m }
      """, path: "/etc/sonde/settings.yaml")
    #expect(settings.endpoints == ["/etc/sonde/pumps.yaml", "/srv/valves.yaml"])
    var format = PlainFormat()
    (format.columns, format.delimiter, format.timeUnit) = ("time=TS,value=V", ";", "ms")
    #expect(
      settings.inputs == [
        InputCatalog.Registered(name: "october", version: "1", source: .run("/etc/sonde/runs/october")),
        InputCatalog.Registered(
          name: "rows", version: "2026-1",
          source: .files(folder: "/etc/rows", format, models: "/etc/sonde/m")),
      ])
  }

  @Test func whatIsWrongIsNamedWithItsLine() {
    for (text, words) in [
      ("input: []", "inputs"), ("inputs: 5", "1:9"), ("inputs: [{ run: a }]", "name"),
      ("inputs: [{ name: a }]", "run"), ("inputs: [{ name: a, run: b, csv: c }]", "csv"),
      ("inputs: [{ name: a, run: b, models: c }]", "models"), ("inputs: [{ name: a/b, run: c }]", "name"),
      ("inputs: [{ name: a, csv: b, columns: when=x }]", "columns"),
      ("inputs: [{ name: a, csv: b, delimiter: '.' }]", "delimiter"),
      ("inputs: [{ name: a, csv: b, time_unit: weeks }]", "time_unit"),
      ("inputs: [{ name: a, run: b }, { name: a, version: 1, run: c }]", "twice"),
      ("inputs: [", "not YAML"), ("", "empty"),
    ] {
      let found = faults(text)
      #expect(
        found.contains { $0.contains(words) } && found.allSatisfy { $0.contains("settings.yaml:") },
        "\(text): \(found)")
    }
  }

  /// Registered inputs need not lie in a folder of the server; nothing beside them is read for that.
  @Test func registeredInputsAreFoundByNameAndVersion() async throws {
    try await withTemporaryFolder { folder in
      for path in ["run", "elsewhere/one", "elsewhere/two", "elsewhere/rows"] {
        try Folder.make("\(folder)/\(path)")
      }
      for run in ["one", "two"] {
        try AtomicFile.write("store", to: "\(folder)/elsewhere/\(run)/sonde.sqlite")
      }
      try AtomicFile.write("a\n", to: "\(folder)/elsewhere/rows/a.csv")
      let settings = try BatchSettings.parse(
        """
        inputs:
          - { name: pumps, version: 1, run: one }
          - { name: pumps, version: 2, run: two }
          - { name: rows, csv: rows }
          - { name: gone, run: none }
          - { name: run, version: 9, run: one }
        """, path: "\(folder)/elsewhere/settings.yaml")
      let folders = try ServedFolders(["\(folder)/run"])
      let catalog = InputCatalog(folders: folders, registered: settings.inputs)
      let here = (folders.roots[0].path as NSString).deletingLastPathComponent
      func resolve(_ uri: String, models: String? = nil) throws -> ResolvedInput {
        let body = #"{"properties":{"inputData":{"a":{"uri":"\#(uri)"}}}}"#
        return try catalog.resolve(JobRequest(body: Array(body.utf8)), models: models)
      }
      for (uri, run) in [
        ("pumps", "two"), ("azureml:pumps:1", "one"), ("azureml:pumps@latest", "two"), ("pumps:2", "two"),
        // A name that is registered hides the folder of that name.
        ("run", "one"),
      ] {
        let found = try resolve(uri)
        #expect(found == .run(folder: "\(here)/elsewhere/\(run)"), "\(uri)")
      }
      let rows = try resolve("rows", models: "/m")
      #expect(rows == .files(PlainInput(folder: "\(here)/elsewhere/rows", files: ["a.csv"], models: "/m")))
      for uri in ["pumps:3", "gone", "rows:2", "run:1", "\(folder)/elsewhere/one", "pumps/../one", "rows"] {
        #expect(throws: RequestFault.self, "\(uri)") { try resolve(uri) }
      }
    }
  }
}
