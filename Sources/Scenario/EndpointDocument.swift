import BatchScoring
import Compute
import Documents
import Files
import Foundation
import Modelling
import RealTimeScoring
import Telemetry
import Wording

/// An endpoint file: read, checked, and changed in place with its comments kept.
package struct EndpointDocument: Sendable {
  /// Absolute.
  package let path: String
  package let endpoint: Endpoint
  /// Which share of the requests to a service each deployment gets, in percent; nil where the file does not say.
  package let traffic: [String: Int]?
  /// How requests to a service are bounded, by deployment.
  package let requestLimits: [String: RequestLimits]
  /// The names of deployments that say `per`, and of those that say `features`; the others take it from their models.
  private let withScope: Set<String>
  private let withFeatures: Set<String>
  private let text: String
  /// Where the name of the default deployment is written.
  private let defaultPlace: SourceLocation?
  /// Where the first deployment is written.
  private let firstPlace: SourceLocation
  private let namePlace: SourceLocation

  /// Reads the file at `path`. Throws ``Diagnostics`` with everything that is wrong, and `FileError`.
  package static func load(_ path: String) throws -> EndpointDocument {
    try parse(TextFile.text(of: path), path: path)
  }

  /// As ``load(_:)``, from the text of a file.
  package static func parse(_ text: String, path: String) throws -> EndpointDocument {
    let text = DocumentText.withoutByteOrderMark(text)
    let root: DocumentNode
    do {
      root = try DocumentNode.parse(text, path: path)
    } catch let fault as Diagnostic {
      throw Diagnostics([fault])
    }
    let diagnostics = DiagnosticList(SchemaCheck(root, EndpointSchema.endpoint))
    guard let document = EndpointDocument(root, text, path, diagnostics), diagnostics.isEmpty else {
      throw Diagnostics(diagnostics.all)
    }
    return document
  }

  private init?(_ root: DocumentNode, _ text: String, _ path: String, _ diagnostics: DiagnosticList) {
    guard let reader = MappingReader(root, EndpointSchema.endpoint, diagnostics) else { return nil }
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    let folder = (absolute as NSString).deletingLastPathComponent
    let name = reader.text("name")
    if let name, DeviceID(name) == nil {
      diagnostics.add(
        reader.location(of: "name"), "name: expected letters, digits, dots, dashes, found \(name.quoted)")
    }
    var compute = ComputeSettings()
    if let section = reader.mapping("compute") {
      for kind in ComputeSettings.Kind.allCases {
        if let target = section.mapping(kind.rawValue) { compute = target.computeSettings(kind, nodes: 1) }
      }
    }
    var deployments: [Deployment] = []
    var withScope: Set<String> = []
    var withFeatures: Set<String> = []
    var requestLimits: [String: RequestLimits] = [:]
    var first: SourceLocation?
    if let node = reader.node("deployments") {
      guard case .mapping(let entries) = node.content, !entries.isEmpty else {
        diagnostics.add(
          node.location, "deployments: expected names with their settings, found \(node.summary)")
        return nil
      }
      first = entries[0].location
      for entry in entries {
        if DeviceID(entry.key) == nil {
          diagnostics.add(entry.location, "\(entry.key.quoted) is no name: letters, digits, dots, dashes")
        }
        // A deployment that changes nothing has nothing behind its name.
        let settings =
          entry.value.isNull
          ? DocumentNode(content: .mapping([]), location: entry.value.location) : entry.value
        guard let section = MappingReader(settings, EndpointSchema.deployment, diagnostics) else { continue }
        if section.node("per") != nil { withScope.insert(entry.key) }
        if section.node("features") != nil { withFeatures.insert(entry.key) }
        requestLimits[entry.key] = section.requestLimits()
        deployments.append(Self.deployment(entry.key, endpoint: name ?? "", section, folder: folder))
      }
    }
    let names = deployments.map(\.name)
    var standard = names.first
    if reader.node("default_deployment") != nil {
      standard = reader.choice("default_deployment", names)
    } else if names.count > 1 {
      diagnostics.add(
        root.location, "endpoint lacks “default_deployment”; it is one of \(names.listed)")
    }
    traffic = reader.traffic(among: names)
    self.requestLimits = requestLimits
    guard let name, let standard, let first, diagnostics.isEmpty else { return nil }
    self.path = absolute
    self.text = text
    self.withScope = withScope
    self.withFeatures = withFeatures
    defaultPlace = reader.node("default_deployment")?.location
    firstPlace = first
    namePlace = reader.location(of: "name")
    endpoint = Endpoint(
      name: name, deployments: deployments, defaultDeployment: standard, compute: compute)
  }

  private static func deployment(
    _ name: String, endpoint: String, _ section: MappingReader, folder: String
  ) -> Deployment {
    var settings = ModelSettings()
    if let nu = section.nu() { settings.nu = nu }
    if let gamma = section.gamma() { settings.gamma = gamma }
    if let kernel = section.choice("kernel", ScenarioSchema.kernels) { settings.kernel = kernel }
    if let threshold = section.threshold() { settings.threshold = threshold }
    let layout = ModelLayout(
      per: section.choice("per", ModelScope.self) ?? .device,
      features: section.features() ?? ModellingDefaults.features)
    let retry = section.retrySettings()
    let script = section.script(in: folder)
    if let fault = script?.fault {
      section.diagnostics.add(section.location, "deployment \(name.quoted): \(fault)")
    }
    var deployment = Deployment(
      name: name, endpoint: endpoint,
      models: section.text("models").map { MappingReader.absolute($0, folder) },
      layout: layout, model: settings, script: script, miniBatchSize: section.miniBatchSize() ?? .auto,
      maxRetries: retry.maxRetries, taskTimeoutSeconds: retry.timeout.seconds,
      errorThreshold: section.wholeNumber("error_threshold") ?? ScoringDefaults.errorThreshold,
      outputAction: section.choice("output_action", OutputAction.self) ?? .appendRow,
      loggingLevel: section.choice("logging_level", LoggingLevel.self) ?? .info,
      maxConcurrencyPerInstance: section.wholeNumber("max_concurrency_per_instance"))
    if let file = section.text("output_file_name") {
      do {
        try DeploymentSetting.outputFileName.apply(file, to: &deployment)
      } catch {
        section.diagnostics.add(section.location(of: "output_file_name"), "\(error)")
      }
    }
    return deployment
  }

  /// The deployment called `name`, or the default one, ready for the run in `folder`: where it does not say what its
  /// models see, that is what they were trained on. Throws ``ScoringError``.
  ///
  /// - Parameter trains: Whether its models will be trained as it says, whatever is there.
  package func deployment(_ name: String? = nil, in folder: RunFolder, trains: Bool = false) throws
    -> Deployment
  {
    var deployment = try endpoint.deployment(name)
    // What a script sees follows from no model.
    if !trains, deployment.script == nil,
      let layout = try ModelLayout.known(of: folder.with(modelsOf: deployment))
    {
      if !withScope.contains(deployment.name) { deployment.layout.per = layout.per }
      if !withFeatures.contains(deployment.name) { deployment.layout.features = layout.features }
    }
    return deployment
  }

  // MARK: - Changes

  /// Makes the deployment called `name` the default: one rename of the file, so that a reader sees the old or the
  /// new. Throws ``ScoringError`` where there is no such deployment.
  package func setDefault(_ name: String) throws -> EndpointDocument {
    _ = try endpoint.deployment(name)
    try refuseLoneReturns()
    return try write(Self.settingDefault(name, in: lines, defaultPlace, namePlace)) {
      $0.defaultDeployment == name
    }
  }

  /// Adds a deployment called `name` with `settings`, each of the form `key=value`, before the others, and makes it the
  /// default where asked to, all in one rename. Throws ``ScoringError``, and ``Diagnostics`` where a setting is wrong.
  package func add(_ name: String, settings: [String], isDefault: Bool) throws -> EndpointDocument {
    guard !endpoint.deployments.contains(where: { $0.name == name }) else {
      throw ScoringError("the endpoint \(endpoint.name) has a deployment \(name.quoted) already")
    }
    try refuseLoneReturns()
    guard case .file(_, let line, let column) = firstPlace,
      lines[line - 1].prefix(column - 1).allSatisfy({ $0 == " " })
    else {
      throw ScoringError("\(path): its deployments are written in one line; add the new one by hand")
    }
    let indent = String(repeating: " ", count: column - 1)
    var added = ["\(indent)\(name):"]
    var groups: [String: [String]] = [:]
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      guard parts.count == 2 else { throw ScoringError("--set \(setting.quoted): expected NAME=VALUE") }
      let keys = parts[0].split(separator: ".").map(String.init)
      let value = parts[0] == "features" && !parts[1].hasPrefix("[") ? "[\(parts[1])]" : parts[1]
      if keys.count == 2 {
        groups[keys[0], default: []].append("\(keys[1]): \(value)")
      } else {
        added.append("\(indent)  \(parts[0]): \(value)")
      }
    }
    for (group, entries) in groups.sorted(by: { $0.key < $1.key }) {
      added.append("\(indent)  \(group): { \(entries.joined(separator: ", ")) }")
    }
    if added.count == 1 { added[0] += " {}" }
    var lines = lines
    lines.insert(contentsOf: added, at: line - 1)
    if isDefault {
      lines = Self.settingDefault(
        name, in: lines, defaultPlace?.below(line, by: added.count), namePlace.below(line, by: added.count))
    } else if defaultPlace == nil {
      lines = Self.settingDefault(
        endpoint.defaultDeployment, in: lines, nil, namePlace.below(line, by: added.count))
    }
    return try write(lines) { changed in
      changed.deployments.contains { $0.name == name } && (!isDefault || changed.defaultDeployment == name)
    }
  }

  /// YAML reads a carriage return alone as the end of a line; nobody has written such files for decades.
  private func refuseLoneReturns() throws {
    let bytes = Array(text.utf8)
    guard
      !bytes.indices.contains(where: { bytes[$0] == 0x0D && (bytes.count == $0 + 1 || bytes[$0 + 1] != 0x0A) }
      )
    else {
      throw ScoringError(
        "\(path): its lines end with carriage returns alone; change them to line feeds first")
    }
  }

  /// Without their ends, of which a text has one kind.
  private var lines: [String] {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      String(Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
  }

  private var lineEnd: String { text.utf8.contains(UInt8(ascii: "\r")) ? "\r\n" : "\n" }

  private static func settingDefault(
    _ name: String, in lines: [String], _ location: SourceLocation?, _ namePlace: SourceLocation
  ) -> [String] {
    var lines = lines
    if case .file(_, let line, let column) = location {
      let scalars = lines[line - 1].unicodeScalars
      let start = scalars.index(scalars.startIndex, offsetBy: column - 1)
      let old = lines[line - 1][start...]
      let end = old.prefixMatch(of: /"[^"]*"|'[^']*'|[A-Za-z0-9._-]+/)?.range.upperBound ?? old.endIndex
      lines[line - 1] = String(lines[line - 1][..<start]) + name + String(old[end...])
    } else if case .file(_, let line, _) = namePlace {
      lines.insert("default_deployment: \(name)", at: line)
    }
    return lines
  }

  /// Replaces the file, if the new text is sound and says what was asked for: with aliases and `<<` it need not.
  private func write(_ lines: [String], saying isDone: (Endpoint) -> Bool) throws -> EndpointDocument {
    let text = lines.joined(separator: lineEnd)
    let changed: EndpointDocument
    do {
      changed = try Self.parse(text, path: path)
    } catch let diagnostics as Diagnostics {
      throw ScoringError("nothing is changed, because the file would then be wrong: \(diagnostics)")
    }
    guard isDone(changed.endpoint) else {
      throw ScoringError("\(path): what it says stands elsewhere, behind an alias or “<<”; change it by hand")
    }
    // Where the name is a link, the file behind it is replaced, and not the link.
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    try AtomicFile.write(Array(text.utf8), to: file, existing: .replace)
    return changed
  }
}

extension SourceLocation {
  /// The same location after `count` lines were put in before `line`.
  fileprivate func below(_ line: Int, by count: Int) -> SourceLocation {
    guard case .file(let path, let own, let column) = self, own >= line else { return self }
    return .file(path: path, line: own + count, column: column)
  }
}
