import Foundation
import Wording

/// A file or folder that could not be read or written: where, and what the system said.
package struct FileError: ExitingError {
  /// What could not be done, in the words of the message.
  package enum Action: String, Sendable {
    case read
    case readFolder = "read the folder"
    case readLabelWindows = "read label windows from"
    case nameDevice = "name a device after"
    case write
    case create
    case flush
    case flushFolder = "flush the folder of"
    case rename = "rename to"
    case remove
    case makeFolder = "make the folder"
    case replay
    case run
    case packModels = "pack models into"
    case useJobDatabase = "use the job database"
  }

  package let path: String
  package let action: Action
  package let reason: String

  /// What cannot be read was named by the caller of the program; that something cannot be written is the machine's fault.
  package var exitStatus: ExitStatus {
    action == .read || action == .readFolder ? .usage : .internalFault
  }

  package init(path: String, action: Action, reason: String) {
    self.path = path
    self.action = action
    self.reason = reason
  }

  /// Takes the reason from `errno`.
  init(path: String, action: Action, errno code: Int32 = errno) {
    self.init(path: path, action: action, reason: String(cString: strerror(code)))
  }

  package var description: String { "cannot \(action.rawValue) \(path): \(reason)" }
}
