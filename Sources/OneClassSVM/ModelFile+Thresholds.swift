import Files

extension ModelFile {
  /// How the thresholds of the models in `folder` were chosen, by the versions of the models; nothing of a model whose files are
  /// broken. A model that does not say it is taken as the solver made it. Throws ``FileError`` where the folder cannot be read.
  package static func thresholds(in folder: String) throws -> [String: ThresholdRecord] {
    var records: [String: ThresholdRecord] = [:]
    let unknown = ThresholdRecord(name: Threshold.training.description)
    for stem in try stems(in: folder) {
      let path = "\(folder)/\(stem).json"
      // The JSON alone says both, of models of ours: a fleet's models take long to read.
      if let bytes = try? TextFile.bytes(of: path), let card = try? ModelCard(decoding: bytes, path: path),
        let version = card.version, let metadata = try? card.metadata(path: path)
      {
        records[version] = metadata.threshold ?? unknown
      } else if let model = try? read(folder: folder, stem: stem) {
        records[model.version] = model.metadata.threshold ?? unknown
      }
    }
    return records
  }
}
