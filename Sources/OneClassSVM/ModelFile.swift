import Files
import Foundation

/// A model on disk: `<stem>.model`, LIBSVM's text format, and beside it `<stem>.json` with the scaler and where the
/// model comes from. Stems are `device_<d>` and `device_<d>_sensor_<s>`.
///
/// The JSON carries the SHA-256 of its `.model`, so that files of two models are never taken for one. Replacing a
/// model goes through `<stem>.json.next`: new JSON under that name, then the new `.model`, then the JSON to its
/// own name. Whenever it is cut short, exactly one of the two JSON files fits the `.model`, and that one is read. Foreign
/// files (`data/batch-reference`) have no such digest and are taken as they are.
package enum ModelFile {
  /// The file stem of the model of `device`, or of one `sensor` of it.
  package static func stem(device: String, sensor: String? = nil) -> String {
    sensor.map { "device_\(device)_sensor_\($0)" } ?? "device_\(device)"
  }

  /// The stem for `model` by its metadata; nil where that names no device.
  package static func stem(for model: OneClassModel) -> String? {
    model.metadata.device.map { stem(device: $0, sensor: model.metadata.sensor) }
  }

  /// Writes `model` into `folder`, which exists, in place of an older one of the same `stem`. A reader sees the old
  /// model or the new one. One writer a stem at a time.
  ///
  /// Throws ``ModelError`` where a model of another device or sensor has that name already, and ``FileError``.
  package static func write(_ model: OneClassModel, folder: String, stem: String) throws {
    let paths = Paths(folder: folder, stem: stem)
    try refuseOtherOwner(of: paths, than: model.metadata)
    let text = LIBSVMText.write(
      kernel: model.kernel, supportVectors: model.supportVectors, coefficients: model.coefficients,
      rho: model.rho)
    let card = try ModelCard(model, modelDigest: Digest.sha256(text: text)).encoded()
    try AtomicFile.write(card, to: paths.next, existing: .replace)
    try AtomicFile.write(text, to: paths.model, existing: .replace)
    guard rename(paths.next, paths.card) == 0 else {
      throw FileError(path: paths.card, action: .rename, reason: String(cString: strerror(errno)))
    }
    try AtomicFile.flushFolder(of: paths.card)
  }

  /// Removes the files of the model of `stem`, the JSON last: without a `.model` it is no model. Throws ``FileError``.
  package static func remove(folder: String, stem: String) throws {
    let paths = Paths(folder: folder, stem: stem)
    for path in [paths.model, paths.card, paths.next] where unlink(path) != 0 && errno != ENOENT {
      throw FileError(path: path, action: .remove, reason: String(cString: strerror(errno)))
    }
  }

  /// The state of the two files of a model: of equal stamps, they hold the same.
  package struct Stamp: Hashable, Sendable {
    private let model: FileStamp
    private let card: FileStamp

    /// The state of the files of `stem` in `folder`; nil where one is missing.
    package init?(folder: String, stem: String) {
      let base = Paths.base(folder: folder, stem: stem)
      guard let model = FileStamp(base + ".model"), let card = FileStamp(base + ".json") else { return nil }
      self.model = model
      self.card = card
    }

    /// Hands over bytes that are equal for equal stamps of one machine.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
      // Whole numbers of 64 bits alone, and so nothing between them.
      try withUnsafeBytes(of: self, body)
    }
  }

  /// Reads the model of `stem` in `folder`.
  ///
  /// Throws ``ModelError`` with file and line where one of the two files is broken or the two do not belong together,
  /// and ``FileError`` where one cannot be read.
  package static func read(folder: String, stem: String) throws -> OneClassModel {
    let paths = Paths(folder: folder, stem: stem)
    // A process that replaces the model right now needs a moment between its two renames.
    for _ in 1..<readAttempts {
      if let model = try attempt(paths, isLast: false) { return model }
      usleep(2000)
    }
    guard let model = try attempt(paths, isLast: true) else {
      throw ModelError(path: paths.card, reason: "the model was replaced again and again while it was read")
    }
    return model
  }

  /// Reads a LIBSVM file from anywhere, to be imported.
  ///
  /// `card` is the path of the JSON with the scaler; nil takes the one beside the model where there is one, and
  /// otherwise none: raw rows then go into the kernel. Throws as ``read(folder:stem:)`` does.
  package static func readForeign(_ path: String, card: String? = nil) throws -> OneClassModel {
    let base = path.hasSuffix(".model") ? String(path.dropLast(".model".count)) : path
    let beside = base + ".json"
    let cardPath = card ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil)
    let bytes = try TextFile.bytes(of: path)
    let content = try cardPath.map { try TextFile.bytes(of: $0) } ?? Array("{}".utf8)
    let decoded = try ModelCard(decoding: content, path: cardPath ?? path)
    if let expected = decoded.modelSHA256, expected != Digest.sha256(bytes) {
      throw ModelError(
        path: cardPath, reason: "it belongs to another model than \(path) (SHA-256 \(expected.prefix(12))…)")
    }
    let paths = Paths(model: path, stem: (base as NSString).lastPathComponent)
    return try model(bytes: bytes, card: decoded, paths: paths, cardPath: cardPath ?? path)
  }

  /// How often a pair that does not fit is read again, 2 ms apart.
  private static let readAttempts = 10

  /// The stems of all models in `folder`, sorted. Throws ``FileError``.
  package static func stems(in folder: String) throws -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      let exists = FileManager.default.fileExists(atPath: folder)
      throw FileError(
        path: folder, action: .readFolder,
        reason: exists ? "it is not a readable folder" : "it does not exist")
    }
    return names.filter { $0.hasSuffix(".model") }.map { String($0.dropLast(".model".count)) }.sorted()
  }

  /// The device and sensor that `stem` names; nil where it has another form. `device_a_sensor_b` is read as the
  /// sensor `b` of the device `a`; a JSON that says otherwise wins over the name.
  package static func owner(ofStem stem: String) -> (device: String, sensor: String?)? {
    guard stem.hasPrefix("device_") else { return nil }
    let rest = stem.dropFirst("device_".count)
    guard let range = rest.range(of: "_sensor_", options: .backwards) else {
      return rest.isEmpty ? nil : (String(rest), nil)
    }
    let device = rest[..<range.lowerBound]
    let sensor = rest[range.upperBound...]
    return device.isEmpty || sensor.isEmpty ? nil : (String(device), String(sensor))
  }

  /// nil where the files do not fit and it is worth trying again.
  private static func attempt(_ paths: Paths, isLast: Bool) throws -> OneClassModel? {
    let bytes = try TextFile.bytes(of: paths.model)
    guard bytes.count <= ModelLimits.fileBytes else {
      throw ModelError(
        path: paths.model, reason: "the file has \(bytes.count) bytes; that is no model of a device")
    }
    var digest: String?
    var mismatch: String?
    for path in [paths.card, paths.next] {
      let content: [UInt8]
      do {
        content = try TextFile.bytes(of: path)
      } catch let error as FileError {
        // Without any JSON the model has no scaler; without the one of a replacement all is well.
        if path == paths.card, isLast, access(paths.next, F_OK) != 0 { throw error }
        continue
      }
      let card = try ModelCard(decoding: content, path: path)
      if let expected = card.modelSHA256 {
        let actual = digest ?? Digest.sha256(bytes)
        digest = actual
        guard expected == actual else {
          mismatch =
            mismatch ?? "it belongs to another \(paths.stem).model (SHA-256 \(expected.prefix(12))… there, "
            + "\(actual.prefix(12))… here); write or copy both files again"
          continue
        }
      }
      return try model(bytes: bytes, card: card, paths: paths, cardPath: path)
    }
    if isLast, let mismatch { throw ModelError(path: paths.card, reason: mismatch) }
    return nil
  }

  private static func model(
    bytes: [UInt8], card: ModelCard, paths: Paths, cardPath: String
  ) throws -> OneClassModel {
    let scaler = try card.checkedScaler(path: cardPath)
    var metadata = try card.metadata(path: cardPath)
    let content: LIBSVMText.Content
    do throws(ModelError) {
      content = try LIBSVMText.read(bytes, features: scaler?.mean.count ?? card.features?.count)
    } catch {
      throw error.inFile(paths.model)
    }
    if metadata.device == nil, card.modelSHA256 == nil, let owner = owner(ofStem: paths.stem) {
      metadata.device = owner.device
      metadata.sensor = owner.sensor
    }
    // Others' models have nothing else that says to which file their JSON belongs.
    if card.modelSHA256 == nil, let device = metadata.device, owner(ofStem: paths.stem) != nil {
      let stem = stem(device: device, sensor: metadata.sensor)
      guard stem == paths.stem else {
        throw ModelError(path: cardPath, reason: "by its device and sensor it belongs to \(stem).model")
      }
    }
    let model: OneClassModel
    do throws(ModelError) {
      model = try OneClassModel(
        kernel: content.kernel, supportVectors: content.supportVectors, coefficients: content.coefficients,
        rho: content.rho, scaler: scaler, featureNames: card.features, metadata: metadata)
    } catch {
      throw error.inFile(cardPath)
    }
    if let version = card.version, !model.hasVersion(version) {
      throw ModelError(
        path: cardPath,
        reason:
          "it says version \(version), but the content is version \(model.version): it was changed after it "
          + "was written, or another version of Sonde wrote it; train the model again")
    }
    return model
  }

  private static func refuseOtherOwner(of paths: Paths, than metadata: ModelMetadata) throws {
    guard metadata.device != nil, let bytes = try? TextFile.bytes(of: paths.card),
      let card = try? ModelCard(decoding: bytes, path: paths.card), let device = card.device
    else { return }
    guard device.text == metadata.device, card.sensor?.text == metadata.sensor else {
      let owner = card.sensor.map { "sensor \($0.text) of device \(device.text)" } ?? "device \(device.text)"
      throw ModelError(
        path: paths.card, reason: "this is the model of \(owner); it is not replaced by another's")
    }
  }

  private struct Paths {
    let stem: String
    let model: String
    let card: String
    let next: String

    /// What the paths begin with.
    static func base(folder: String, stem: String) -> String {
      folder.hasSuffix("/") ? folder + stem : "\(folder)/\(stem)"
    }

    init(model: String, stem: String) {
      self.stem = stem
      self.model = model
      card = model
      next = model
    }

    init(folder: String, stem: String) {
      self.stem = stem
      let base = Self.base(folder: folder, stem: stem)
      model = base + ".model"
      card = base + ".json"
      next = base + ".json.next"
    }
  }
}
