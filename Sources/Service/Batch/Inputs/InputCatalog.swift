import Files
import HTTP
import Wording

/// The inputs that requests may name: registered ones, and what lies in the folders of the server.
package struct InputCatalog: Sendable {
  /// An input with a name and a version.
  package struct Registered: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
      /// The folder of a run, absolute.
      case run(String)
      /// A folder of CSV files, absolute; their models, nil for those of the deployment.
      case files(folder: String, PlainFormat, models: String?)
    }

    package var name: String
    package var version: String
    package var source: Source

    package init(name: String, version: String, source: Source) {
      self.name = name
      self.version = version
      self.source = source
    }
  }

  private let folders: ServedFolders
  private let registered: [Registered]

  /// - Parameter registered: In their order; of one name the last is the latest.
  package init(folders: ServedFolders, registered: [Registered] = []) {
    self.folders = folders
    self.registered = registered
  }

  /// What a request's input is. Throws ``RequestFault`` with 400 where it is nothing that may be read.
  ///
  /// - Parameter models: The models of the deployment, for plain files that have none of their own; nil for those of the folder's run.
  package func resolve(_ request: JobRequest, models: String?) throws(RequestFault) -> ResolvedInput {
    var reference = request.input
    if case .registered(let name, let version) = reference {
      // A folder of the server has a name without being registered.
      let isFolder = !registered.contains { $0.name == name } && folders.roots.contains { $0.name == name }
      guard isFolder, version == nil || version == "1" else {
        return try resolve(try input(name, version), models: models)
      }
      reference = .below(folder: name, [])
    }
    if request.inputType == .file { return try resolveFile(reference, models: models) }
    let (folder, path) = try folders.folder(at: reference)
    if folder.kind(of: "sonde.sqlite") != .nothing { return try Self.run(folder, path) }
    let own = try rootModels(of: reference)
    return try Self.files(folder, path, PlainFormat(), models: models ?? own)
  }

  private func input(_ name: String, _ version: String?) throws(RequestFault) -> Registered {
    let versions = registered.filter { $0.name == name }
    guard !versions.isEmpty else {
      let names = Set(registered.map(\.name) + folders.roots.map(\.name)).sorted()
      throw RequestFault(
        "there is no input \(name.quoted)" + (names.isEmpty ? "" : "; there are \(names.listed)"))
    }
    guard let version else { return versions[versions.count - 1] }
    guard let found = versions.first(where: { $0.version == version }) else {
      throw RequestFault(
        "the input \(name.quoted) has no version \(version.quoted); it has \(versions.map(\.version).listed)")
    }
    return found
  }

  private func resolve(_ input: Registered, models: String?) throws(RequestFault)
    -> ResolvedInput
  {
    switch input.source {
    case .run(let path):
      guard let real = ServedFolders.realPath(path), let folder = HeldFolder(real) else {
        throw Self.gone(input)
      }
      return try Self.run(folder, real)
    case .files(let path, let format, let own):
      guard let real = ServedFolders.realPath(path), let folder = HeldFolder(real) else {
        throw Self.gone(input)
      }
      return try Self.files(folder, real, format, models: own ?? models)
    }
  }

  private static func gone(_ input: Registered) -> RequestFault {
    RequestFault(
      "the folder of the input \(input.name.quoted), version \(input.version.quoted), is not there")
  }

  /// One CSV file below a folder of the server.
  private func resolveFile(_ reference: InputReference, models: String?) throws(RequestFault) -> ResolvedInput
  {
    let (root, parts) = try folders.place(of: reference)
    guard let name = parts.last,
      let folder = HeldFolder(root.path)?.folder(below: parts.dropLast()), folder.kind(of: name) == .file
    else {
      throw RequestFault(
        "there is no file \(([root.name] + parts).joined(separator: "/").quoted); links are not followed")
    }
    let path = ([root.path] + parts.dropLast()).joined(separator: "/")
    let own = try rootModels(of: reference)
    return .files(
      PlainInput(folder: path, files: [name], models: try Self.needed(models ?? own)))
  }

  /// The models of the run whose folder a path begins with; nil where there are none.
  private func rootModels(of reference: InputReference) throws(RequestFault) -> String? {
    let root = try folders.place(of: reference).root
    return HeldFolder(root.path)?.kind(of: "models") == .folder ? "\(root.path)/models" : nil
  }

  private static func needed(_ models: String?) throws(RequestFault) -> String {
    guard let models else {
      throw RequestFault(
        "nobody says which models score these files: say “models” of the deployment or of the registered input"
      )
    }
    return models
  }

  // MARK: - What is there

  /// What may be a link in nobody's run: a job would read, or write, elsewhere.
  private static let filesOfRuns = [
    "sonde.sqlite", "sonde.sqlite-wal", "sonde.sqlite-shm", "jobs.sqlite", "jobs.sqlite-wal",
    "jobs.sqlite-shm",
  ]
  private static let foldersOfRuns = ["models", "predictions", "logs"]

  /// Checks the folder of a run. The process of a job does so once more before it begins.
  static func run(_ folder: HeldFolder, _ path: String) throws(RequestFault) -> ResolvedInput {
    for (names, kind) in [(filesOfRuns, HeldFolder.Kind.file), (foldersOfRuns, .folder)] {
      for name in names {
        let found = folder.kind(of: name)
        guard found == kind || found == .nothing else {
          throw RequestFault(
            "\(name) of the run is a link, or no \(kind == .file ? "file" : "folder"); it is not followed")
        }
      }
    }
    guard folder.kind(of: "sonde.sqlite") == .file else {
      throw RequestFault("there is no store of windows (sonde.sqlite) in that folder")
    }
    return .run(folder: path)
  }

  private static func files(
    _ folder: HeldFolder, _ path: String, _ format: PlainFormat, models: String?
  ) throws(RequestFault) -> ResolvedInput {
    guard let names = folder.names(limit: BatchDefaults.csvFiles * 4) else {
      throw RequestFault("that folder has too many files, or cannot be read")
    }
    let files = names.filter { $0.lowercased().hasSuffix(".csv") && !$0.hasPrefix(".") }
    guard !files.isEmpty else {
      throw RequestFault("that folder has neither the store of a run (sonde.sqlite) nor CSV files in it")
    }
    guard files.count <= BatchDefaults.csvFiles else {
      throw RequestFault("\(files.count) CSV files are too many; \(BatchDefaults.csvFiles) are the most")
    }
    for file in files where folder.kind(of: file) != .file {
      throw RequestFault("\(file.quoted) is a link, or no file; it is not followed")
    }
    return .files(PlainInput(folder: path, files: files, format: format, models: try needed(models)))
  }
}
