import Files

extension ScoringScript {
  /// The states of the files of the code and the model, by their paths; of so many as are watched.
  ///
  /// - Parameter models: The folder in which it has trained its own model, where it does that.
  package func fileStamps(models: String? = nil) -> [String: FileStamp] {
    let trained = model == nil ? models.flatMap { try? ScriptTrainer.model(in: $0) } : nil
    let paths = [code, model ?? trained, requirements].compactMap { $0 }.flatMap { path in
      (try? FolderContents.files(in: path).map(\.path)) ?? []
    }
    return paths.prefix(ScriptDefaults.watchedFiles).reduce(into: [:]) { stamps, path in
      stamps[path] = FileStamp(path)
    }
  }
}
