import OneClassSVM

/// What the features of the models in a folder are, each read once.
package struct ModelFeatures {
  private let folder: String
  private let cache = ModelCache(limit: 0)
  private var known: [ModelKey: [String]?] = [:]

  package init(folder: String) {
    self.folder = folder
    cache.begin(folder: folder)
  }

  /// The names of the features of the model of `key`, in the model's order. Nil where there is no such model, or it cannot be read.
  package mutating func features(of key: ModelKey) -> [String]? {
    if let known = known[key] { return known }
    let names = try? cache.decisionFunction(folder: folder, stem: key.stem).featureNames
    known[key] = .some(names)
    return names
  }
}
