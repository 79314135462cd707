import WindowStore

/// Devices whose clocks are not the fleet's, for a person at a terminal.
enum WrongClocks {
  /// Devices that are named; a whole fleet would fill the screen.
  private static let named = 3

  /// A line a device, and one for those that are left.
  static func lines(_ clocks: [DeviceClock]) -> [String] {
    let others = clocks.count - named
    return clocks.prefix(named).map(\.text) + (others > 0 ? ["and \(others) more"] : [])
  }
}
