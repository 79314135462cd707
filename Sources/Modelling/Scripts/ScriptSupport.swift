import Files

/// The Python files that come with Sonde.
enum ScriptSupport: String {
  /// Runs a scoring script.
  case driver
  /// A scoring script for ONNX graphs.
  case onnx = "onnx_model"
  /// A scoring script for models of MLflow.
  case mlflow = "mlflow_model"

  private var bytes: [UInt8] {
    switch self {
    case .driver: PackageResources.driver_py
    case .onnx: PackageResources.onnx_model_py
    case .mlflow: PackageResources.mlflow_model_py
    }
  }

  /// Writes the file into `folder`, and returns its path. Throws `FileError`.
  func write(into folder: String) throws -> String {
    let path = "\(folder)/\(rawValue).py"
    try AtomicFile.write(bytes, to: path, existing: .replace)
    return path
  }
}
