import Foundation

/// The terminal behind standard error.
enum Terminal {
  /// How many columns fit into a line, one left free: many terminals wrap where the last one is written. Asked anew each
  /// time, because windows change. Where the terminal does not know, `COLUMNS` says it, and then 80.
  static var lineWidth: Int {
    var size = winsize()
    if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 { return Int(size.ws_col) - 1 }
    let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 0
    return (2...1000).contains(told) ? told - 1 : 79
  }
}
