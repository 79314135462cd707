import CLinux
import Foundation

/// A process of ours that signals can be sent to, also when it has ended: they then reach nobody.
///
/// The handle holds a descriptor of the process of its own (pidfd_open(2)). That of swift-subprocess is closed when the process has ended,
/// and its number soon belongs to another process, which would get the signal.
final class ProcessHandle: Sendable {
  private let id: Int32
  /// -1 where the kernel has no such descriptors.
  private let descriptor: Int32

  /// - Parameter id: Of a child that has not been waited for.
  init(_ id: Int32) {
    self.id = id
    descriptor = linux_process_open(id)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func send(signal number: Int32) {
    if descriptor >= 0 {
      _ = linux_process_signal(descriptor, number)
    } else {
      kill(id, number)
    }
  }
}
