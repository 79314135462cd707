import Files
import Modelling
import OneClassSVM

/// The states of all files that a deployment is served with, by which a change is noticed without reading them.
struct FileStates: Hashable, Sendable {
  /// Of a folder of models, by the stems of their files; nil where it cannot be read.
  private var models: [String: ModelFile.Stamp]?
  /// Of a script and its model, by their paths.
  private var files: [String: FileStamp] = [:]

  init(of deployment: ServingPlan.Deployment) {
    switch deployment.source {
    case .models(let folder):
      models = (try? ModelFile.stems(in: folder)).map { stems in
        stems.reduce(into: [:]) { stamps, stem in
          if let stamp = ModelFile.Stamp(folder: folder, stem: stem) { stamps[stem] = stamp }
        }
      }
    case .script(let script, _): files = script.fileStamps()
    case .windowScript(let script, _, _, let models): files = script.fileStamps(models: models)
    }
  }
}
