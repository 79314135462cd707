/// Bounds of the pictures, each with its reason. What is left out is said below the picture.
package enum LoadChartDefaults {
  /// More marks than these are a grey wall.
  package static let mostFaults = 60
  /// Bands of phases, likewise: a run has five.
  static let mostPhases = 40
  /// More lines than these are not told apart.
  package static let mostLines = 6
  /// Where all frames of a picture begin, so that what is below each other happened at the same time.
  static let left = 84.0
  /// Of each frame, in pixels.
  static let frameHeight = 130.0
  /// Of the lanes of phases and of faults.
  static let laneHeight = 18.0
  /// Of the axis that rises, in a low frame.
  static let mostTicks = 4
  /// An axis is logarithmic where its values span more than these many times.
  static let logarithmic = 8.0
}
