import ArgumentParser
import BatchScoring
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Wording

/// `sonde models`: the models in a folder or a run, and models from elsewhere.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists, shows, imports, exports and packs models.",
    subcommands: [List.self, Show.self, Import.self, Export.self, Pack.self])

  /// A model as `list` and `show` tell of it.
  private struct Description: Encodable {
    let name: String
    let model: OneClassModel

    enum CodingKeys: String, CodingKey {
      case name, device, sensor, version, kernel, gamma, coef0, degree, features, nu, tolerance, seed, scaler,
        rho
      case source
      case supportVectors = "support_vectors"
      case coefficientSum = "coefficient_sum"
      case trainedRows = "trained_samples"
      case trainingFrom = "training_from"
      case trainingTo = "training_to"
      case flaggedTrainingShare = "flagged_training_share"
      case constantFeatures = "constant_features"
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      let metadata = model.metadata
      try values.encode(name, forKey: .name)
      try values.encode(metadata.device, forKey: .device)
      try values.encode(metadata.sensor, forKey: .sensor)
      try values.encode(model.version, forKey: .version)
      try values.encode(model.kernel.family, forKey: .kernel)
      try values.encode(model.kernel.gamma, forKey: .gamma)
      try values.encodeIfPresent(model.kernel.coef0, forKey: .coef0)
      try values.encodeIfPresent(model.kernel.degree, forKey: .degree)
      try values.encode(model.featureNames, forKey: .features)
      try values.encode(model.coefficients.count, forKey: .supportVectors)
      try values.encode(model.coefficientSum, forKey: .coefficientSum)
      try values.encode(model.rho, forKey: .rho)
      try values.encode(model.scaler != nil, forKey: .scaler)
      try values.encode(metadata.nu, forKey: .nu)
      try values.encode(metadata.tolerance, forKey: .tolerance)
      try values.encode(metadata.trainedRows, forKey: .trainedRows)
      try values.encode(Self.time(metadata.trainingRange?.lowerBound), forKey: .trainingFrom)
      try values.encode(Self.time(metadata.trainingRange?.upperBound), forKey: .trainingTo)
      try values.encode(metadata.flaggedTrainingShare, forKey: .flaggedTrainingShare)
      try values.encode(metadata.constantFeatures, forKey: .constantFeatures)
      try values.encode(metadata.seed, forKey: .seed)
      try values.encode(metadata.source, forKey: .source)
    }

    static func time(_ milliseconds: Int64?) -> String? {
      milliseconds.map { Timestamp(milliseconds: $0).description }
    }

    /// A cell of a table; a dash for what is not known.
    static func cell(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "–" }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the models of a folder or a run.")

    @Argument(help: "A folder of models, or the folder of a run.", completion: .directory)
    var models: String

    @Option(help: "text or json.")
    var format = OutputFormat.text

    func run() throws {
      let folder = RunFolder.models(at: models)
      var areAllRead = true
      let found: [Description] = try ModelFile.stems(in: folder).compactMap { stem in
        do {
          return Description(name: stem, model: try ModelFile.read(folder: folder, stem: stem))
        } catch  where error is ModelError || error is FileError {
          StandardError.write("left out: \(error)")
          areAllRead = false
          return nil
        }
      }
      switch format {
      case .json: try StandardOutput.writeJSON(found, indented: true)
      case .text:
        printTable(
          ["MODEL", "VERSION", "KERNEL", "VECTORS", "FEATURES", "NU", "ROWS", "TRAINED UNTIL"],
          found.map { entry in
            let metadata = entry.model.metadata
            return [
              entry.name, entry.model.version, entry.model.kernel.family.rawValue,
              "\(entry.model.coefficients.count)", "\(entry.model.featureCount)",
              Description.cell(metadata.nu),
              Description.cell(metadata.trainedRows),
              Description.cell(Description.time(metadata.trainingRange?.upperBound)),
            ]
          })
      }
      if !areAllRead { throw ExitCode(ExitStatus.expectationFailed) }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one model.")

    @Argument(help: "A folder of models, or the folder of a run.", completion: .directory)
    var models: String

    @Argument(help: "The model: its file name without the ending, DEVICE, or DEVICE/SENSOR.")
    var name: String

    @Option(help: "text or json.")
    var format = OutputFormat.text

    func run() throws {
      let (stem, model) = try ModelsCommand.find(name, in: models)
      switch format {
      case .json: try StandardOutput.writeJSON(Description(name: stem, model: model), indented: true)
      case .text:
        for (key, value) in lines(model) {
          StandardOutput.write(key.padding(toLength: 16, withPad: " ", startingAt: 0) + value)
        }
      }
      for finding in ModelLint.findings(about: model, name: stem) {
        StandardError.write("\(finding.rule.rawValue): \(finding.message); \(finding.advice)")
      }
    }

    private func lines(_ model: OneClassModel) -> [(String, String)] {
      let metadata = model.metadata
      var kernel = model.kernel.family.rawValue
      if let gamma = model.kernel.gamma { kernel += ", gamma \(gamma)" }
      if let coef0 = model.kernel.coef0 { kernel += ", coef0 \(coef0)" }
      if let degree = model.kernel.degree { kernel += ", degree \(degree)" }
      let range = metadata.trainingRange.map {
        "\(Timestamp(milliseconds: $0.lowerBound)) to \(Timestamp(milliseconds: $0.upperBound))"
      }
      return [
        ("version", model.version),
        ("device", Description.cell(metadata.device)),
        ("sensor", Description.cell(metadata.sensor)),
        ("kernel", kernel),
        ("features", model.featureNames.joined(separator: ", ")),
        ("scaler", model.scaler == nil ? "none" : "mean and standard deviation"),
        ("support vectors", "\(model.coefficients.count)"),
        ("sum, rho", "\(model.coefficientSum), \(model.rho)"),
        ("nu", Description.cell(metadata.nu)),
        ("tolerance", Description.cell(metadata.tolerance)),
        ("trained on", metadata.trainedRows.map { "\($0) rows" + (range.map { ", \($0)" } ?? "") } ?? "–"),
        ("flagged of them", Description.cell(metadata.flaggedTrainingShare)),
        ("seed", Description.cell(metadata.seed)),
        ("source", Description.cell(metadata.source)),
      ]
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Takes over a model from an ONNX or a LIBSVM file.",
      discussion: """
        ONNX files are those that skl2onnx writes for OneClassSVM, or for StandardScaler and OneClassSVM in a \
        pipeline. Any other graph is refused. LIBSVM files are those of svm_save_model, with a JSON for the scaler beside them or named by \
        --card. A pickle is a program and is never run; docs/models.md has the three lines of Python that export one.
        """)

    @Argument(help: "The file: .onnx or .model.", completion: .file(extensions: ["onnx", "model"]))
    var file: String

    @Option(
      help: "The folder for the model; the folder of a run takes it into its models.", completion: .directory)
    var to: String

    @Option(help: "The device that the model is of.")
    var device: String?

    @Option(help: "The sensor that the model is of; none for a model of the whole device.")
    var sensor: String?

    @Option(help: "The names of its features in order, separated by commas, such as mean,stddev,min,max.")
    var features: String?

    @Option(help: "The JSON with the scaler of a LIBSVM file.", completion: .file(extensions: ["json"]))
    var card: String?

    @Option(
      help: "Windows that should be normal, to try the model on: a CSV file, or the folder of a run.",
      completion: .file())
    var windows: String?

    @OptionGroup var tried: PlainFileOptions

    func run() throws {
      let names = features.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      let model = try read().renamed(device: device, sensor: sensor, featureNames: names)
      guard let owner = model.metadata.device else {
        throw ModelError(path: file, reason: "the file does not say which device it is of; give --device")
      }
      guard DeviceID(owner) != nil, model.metadata.sensor.map({ SensorID($0) != nil }) ?? true else {
        throw ModelError(
          reason:
            "\(owner.quoted), \((model.metadata.sensor ?? "*").quoted) are not the ids of a device and a sensor"
        )
      }
      let stem = ModelFile.stem(device: owner, sensor: model.metadata.sensor)
      let folder = RunFolder.models(at: to)
      // Read before anything is written.
      let source = try LintWindows(option: windows, tried)
      try Folder.make(folder)
      try ModelFile.write(model, folder: folder, stem: stem)
      StandardOutput.write(
        "\(folder)/\(stem).model: version \(model.version), \(model.coefficients.count) support vectors")
      if model.metadata.sensor == nil, let name = model.featureNames.first(where: { !$0.contains(".") }) {
        StandardError.write(
          "a model of the whole device has features such as temperature.mean to be found in the windows of a run; \(name.quoted) "
            + "names no sensor. Give --sensor, or other --features, unless it is for “sonde score --input”")
      }
      warn(of: model, stem, source)
    }

    /// Says what is found about the model, which is taken over all the same.
    private func warn(of model: OneClassModel, _ stem: String, _ windows: LintWindows?) {
      var findings = ModelLint.findings(about: model, name: stem)
      if let windows {
        do {
          findings += ModelLint.findings(about: model, name: stem, windows: try windows.rows(for: model))
        } catch {
          StandardError.write("the model could not be tried on \(self.windows ?? "windows"): \(error)")
        }
      }
      for finding in findings {
        StandardError.write("warning: \(finding.rule.rawValue): \(finding.message); \(finding.advice)")
      }
      if windows == nil {
        StandardError.write(
          "the model was not tried: “sonde lint \(to) --windows FILE” shows how many normal windows it flags")
      }
    }

    private func read() throws -> OneClassModel {
      switch (file as NSString).pathExtension.lowercased() {
      case "onnx": return try ONNXFile.read(file)
      case "model", "txt", "libsvm": return try ModelFile.readForeign(file, card: card)
      case "pkl", "pickle", "joblib":
        throw ModelError(
          path: file,
          reason:
            "a pickle is a program and is not run here; export it as ONNX with the lines in docs/models.md")
      default:
        throw ModelError(path: file, reason: "its name ends neither in .onnx nor in .model")
      }
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Writes a model as a LIBSVM file with its scaler in a JSON beside it.")

    @Argument(help: "A folder of models, or the folder of a run.", completion: .directory)
    var models: String

    @Argument(help: "The model: its file name without the ending, DEVICE, or DEVICE/SENSOR.")
    var name: String

    @Option(help: "The folder to write to.", completion: .directory)
    var to: String

    func run() throws {
      let (stem, model) = try ModelsCommand.find(name, in: models)
      try Folder.make(to)
      try ModelFile.write(model, folder: to, stem: stem)
      StandardOutput.write("\(to)/\(stem).model")
      StandardOutput.write("\(to)/\(stem).json")
    }
  }

  struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pack",
      abstract: "Packs the models of a folder, so that jobs read them faster.",
      discussion: """
        Writes the decision functions of the models as they lie in memory into one SQLite file beside the folder: for \
        RUN/models that is RUN/models.sqlite. Training does so by itself; what is worth it is a folder whose models \
        were imported or copied. It is a cache and may be removed. A model whose files have changed since is read from \
        its files.
        """)

    @Argument(help: "A folder of models, or the folder of a run.", completion: .directory)
    var models: String

    func run() throws {
      let folder = RunFolder.models(at: models)
      let stems = try ModelFile.stems(in: folder)
      guard !stems.isEmpty else {
        throw ModelError(path: folder, reason: "there is no model here; models are files that end in .model")
      }
      let pack = try ModelPackWriter(models: folder)
      var packed = 0
      for stem in stems {
        do {
          try pack.add(stem: stem)
          packed += 1
        } catch  where error is ModelError || error is FileError {
          StandardError.write("left out: \(error)")
        }
      }
      let path = try pack.finish()
      StandardOutput.write("\(path): \(packed) of \(stems.count) models")
      if packed < stems.count { throw ExitCode(ExitStatus.expectationFailed) }
    }
  }

  /// The model that `name` means. Throws ``ModelError`` with the names there are.
  private static func find(_ name: String, in models: String) throws -> (stem: String, model: OneClassModel) {
    let folder = RunFolder.models(at: models)
    let stems = try ModelFile.stems(in: folder)
    let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
    let candidates = [
      name, ModelFile.stem(device: parts.first ?? name, sensor: parts.count == 2 ? parts[1] : nil),
    ]
    guard let stem = candidates.first(where: stems.contains) else {
      let some = stems.prefix(5).joined(separator: ", ") + (stems.count > 5 ? ", …" : "")
      throw ModelError(
        path: folder, reason: "there is no model \(name.quoted); there are \(stems.count): \(some)")
    }
    return (stem, try ModelFile.read(folder: folder, stem: stem))
  }
}
