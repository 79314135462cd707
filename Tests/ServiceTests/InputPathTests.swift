import Files
import Foundation
import HTTP
import Service
import TestSupport
import Testing

/// Which names and paths are read as what, and that no path leads out of the folders that a server was started with.
@Suite struct InputPathTests {
  @Test func namesAndPathsAreToldApart() throws {
    let long = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    for (text, expected) in [
      ("pumps", .registered(name: "pumps", version: nil)),
      ("azureml:pumps:3", .registered(name: "pumps", version: "3")),
      ("azureml:pumps@latest", .registered(name: "pumps", version: nil)),
      ("pumps@latest", .registered(name: "pumps", version: nil)),
      ("\(long)/data/pumps/versions/2", .registered(name: "pumps", version: "2")),
      ("azureml:\(long)/data/pumps/versions/2", .registered(name: "pumps", version: "2")),
      ("azureml://locations/l/workspaces/w/data/pumps/versions/2", .registered(name: "pumps", version: "2")),
      ("azureml://data/pumps/versions/2/", .registered(name: "pumps", version: "2")),
      ("azureml://datastores/run/paths/a/b", .below(folder: "run", ["a", "b"])),
      ("azureml:\(long)/datastores/run/paths/a", .below(folder: "run", ["a"])),
      ("run/a//b/", .below(folder: "run", ["a", "b"])), ("/runs/a", .absolute(["runs", "a"])),
      ("/runs/data/x/versions/1", .absolute(["runs", "data", "x", "versions", "1"])),
      ("file:///runs/a%20b", .absolute(["runs", "a b"])), ("file:/runs/a", .absolute(["runs", "a"])),
      ("file://localhost/runs", .absolute(["runs"])), ("/runs/%2e%2e", .absolute(["runs", "%2e%2e"])),
    ] as [(String, InputReference)] {
      #expect(try InputReference(text) == expected, "\(text)")
    }
  }

  @Test func whatIsNoInputIsRefused() {
    for text in [
      "", "..", ".", "run/..", "run/../other", "/runs/../etc", "/./x", "run/./a", "file:///runs/%2e%2e/x",
      "file:///runs/..%2Fetc", "file:///a%00b", "/runs/a\0b", "run/a\nb", "file://host/x", "file:///%zz",
      "https://example.org/x", "wasbs://a@b/c", "azureml://datastores/run/paths/../x", "azureml:a b",
      "pumps@newest", "azureml:pumps:", "azureml:../x:1", "azureml://data/../versions/1",
      String(repeating: "a/", count: 70), String(repeating: "a", count: 5000),
      "run/\(String(repeating: "a", count: 256))",
    ] {
      #expect(throws: RequestFault.self, "\(text.prefix(60))") { try InputReference(text) }
    }
  }

  /// What somebody may have put into a folder of the server to lead out of it.
  private func withFolders(_ body: (_ root: String, _ secret: String, InputCatalog) throws -> Void)
    async throws
  {
    try await withTemporaryFolder { folder in
      let (root, secret) = ("\(folder)/run", "\(folder)/secret")
      for path in [
        "\(root)/day/inner", "\(root)/models", "\(root)/csv", "\(root)/pipe", secret, "\(secret)/models",
      ] {
        try Folder.make(path)
      }
      for path in [root, "\(root)/day", secret] { try AtomicFile.write("store", to: "\(path)/sonde.sqlite") }
      for path in ["\(root)/csv", secret] { try AtomicFile.write("a,b\n", to: "\(path)/rows.csv") }
      #expect(mkfifo("\(root)/pipe/rows.csv", 0o600) == 0)
      for (link, target) in [
        ("\(root)/out", secret), ("\(root)/day/inner/up", folder), ("\(root)/relative", "../secret"),
      ] { #expect(symlink(target, link) == 0) }
      let folders = try ServedFolders([root])
      try body(folders.roots[0].path, secret, InputCatalog(folders: folders))
    }
  }

  private func resolve(_ uri: String, type: String = "UriFolder", _ catalog: InputCatalog) throws
    -> ResolvedInput
  {
    let body =
      #"{"properties":{"inputData":{"a":{"jobInputType":"\#(type)","uri":"\#(uri)"}}}}"#
    return try catalog.resolve(JobRequest(body: Array(body.utf8)), models: nil)
  }

  @Test func foldersOfTheServerAreRead() async throws {
    try await withFolders { root, _, catalog in
      for uri in [
        "run", "azureml:run:1", root, "\(root)/", "file://\(root)", "azureml://datastores/run/paths/",
      ] {
        let found = try resolve(uri, catalog)
        #expect(found == .run(folder: root), "\(uri)")
      }
      #expect(try resolve("run/day", catalog) == .run(folder: "\(root)/day"))
      let csv = PlainInput(folder: "\(root)/csv", files: ["rows.csv"], models: "\(root)/models")
      #expect(try resolve("\(root)/csv", catalog) == .files(csv))
      #expect(try resolve("run/csv/rows.csv", type: "UriFile", catalog) == .files(csv))
    }
  }

  @Test func nothingElseIsRead() async throws {
    try await withFolders { root, secret, catalog in
      for uri in [
        secret, "file://\(secret)", "/", "/etc", "secret", "other/x", "\(root)x", "\(root)/out", "run/out",
        "\(root)/day/inner/up/secret", "run/relative", "run/missing", "\(root)/sonde.sqlite", "run/day/inner",
        "run/pipe", "azureml:run:2", "azureml://datastores/secret/paths/x",
      ] {
        #expect(throws: RequestFault.self, "\(uri)") { try resolve(uri, catalog) }
      }
      for uri in [
        "\(secret)/rows.csv", "run/out/rows.csv", "run/pipe/rows.csv", "run/csv", "run/csv/none.csv",
        "/etc/passwd",
      ] {
        #expect(throws: RequestFault.self, "\(uri)") { try resolve(uri, type: "UriFile", catalog) }
      }
    }
  }

  /// Whether something is there cannot be told from the answer.
  @Test func allPathsOutsideGetOneAnswer() async throws {
    try await withFolders { _, secret, catalog in
      let faults = [secret, "\(secret)/none", "/none", "none/x"].map { uri in
        #expect(throws: RequestFault.self) { try resolve(uri, catalog) }?.description
      }
      #expect(Set(faults).count == 1 && faults[0]?.contains("started with") == true)
    }
  }

  /// A job would read or write behind each of these.
  @Test(arguments: ["sonde.sqlite", "jobs.sqlite", "sonde.sqlite-wal", "models", "predictions", "logs"])
  func linksInARunAreNotFollowed(name: String) async throws {
    try await withFolders { root, secret, catalog in
      let day = try resolve("run/day", catalog)
      #expect(day == .run(folder: "\(root)/day"))
      unlink("\(root)/day/\(name)")
      #expect(symlink("\(secret)/\(name)", "\(root)/day/\(name)") == 0)
      let fault = #expect(throws: RequestFault.self) { try resolve("run/day", catalog) }
      #expect(fault?.description.contains(name) == true)
    }
  }

  @Test func aLinkAmongFilesIsNotFollowed() async throws {
    try await withFolders { root, secret, catalog in
      #expect(symlink("\(secret)/rows.csv", "\(root)/csv/more.csv") == 0)
      let fault = #expect(throws: RequestFault.self) { try resolve("run/csv", catalog) }
      #expect(fault?.description.contains("more.csv") == true)
    }
  }

  @Test func aHeldFolderGoesNowhereElse() async throws {
    try await withFolders { root, secret, _ in
      let folder = try #require(HeldFolder(root))
      for name in ["", ".", "..", "a/b", "day/inner", "/etc", "out", "\0", "day\0"] {
        #expect(folder.folder(name) == nil && folder.file(name) == nil, "\(name)")
      }
      #expect(folder.folder("day") != nil && folder.file("sonde.sqlite")?.count == 5)
      #expect(folder.kind(of: "out") == .link && folder.kind(of: "day") == .folder)
      #expect(folder.folder("pipe")?.file("rows.csv") == nil)
      #expect(HeldFolder.unlinked("\(root)/out") == nil && HeldFolder.unlinked(secret) != nil)
      #expect(folder.names(limit: 2) == nil && folder.names(limit: 100)?.contains("day") == true)
      // What was opened stays what it was.
      #expect(rename("\(root)/day", "\(root)/moved") == 0 && symlink(secret, "\(root)/day") == 0)
      #expect(folder.folder("day") == nil)
    }
  }

  /// The server's own folder may be reached by a link, which its owner has named.
  @Test func aFolderThatIsALinkItselfIsServed() async throws {
    try await withFolders { root, _, _ in
      let link = root + "-link"
      #expect(symlink(root, link) == 0)
      let catalog = InputCatalog(folders: try ServedFolders([link]))
      #expect(try resolve(link, catalog) == .run(folder: root))
      #expect(try resolve(root, catalog) == .run(folder: root))
      #expect(try resolve("run-link/day", catalog) == .run(folder: "\(root)/day"))
    }
  }
}
