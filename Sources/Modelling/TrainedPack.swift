import OneClassSVM
import Synchronization

/// The ``ModelPack`` of what is being trained. It is a cache: where it cannot be written, training goes on without.
final class TrainedPack: Sendable {
  /// What writes it, or why nothing does any more.
  private let writer: Mutex<Result<ModelPackWriter, any Error>>

  /// - Parameter keepsOthers: Whether models that are packed already, and are not trained now, stay.
  init(models folder: String, keepsOthers: Bool = false) {
    writer = Mutex(Result { try ModelPackWriter(models: folder, keepsOthers: keepsOthers) })
  }

  /// Adds a model that has just been written into its files.
  func add(_ model: OneClassModel, stem: String) {
    let current = writer.withLock { $0 }
    guard case .success(let pack) = current else { return }
    do { try pack.add(model, stem: stem) } catch { writer.withLock { $0 = .failure(error) } }
  }

  /// Gives the file its name; returns why it has none.
  func finish() -> String? {
    do {
      try writer.withLock { $0 }.get().finish()
      return nil
    } catch {
      return "the models are not packed, and jobs will read them as text: \(error)"
    }
  }
}
