import Telemetry

/// What a payload comes to.
package struct SparkplugReading: Sendable {
  /// One an instant, in the order of the payload.
  package var messages: [Message] = []
  /// The values that are not taken, with reasons.
  package var refused = RefusedValues()
  /// Whether the payload came before. Its messages are then duplicates.
  package var isRepetition = false
  /// Whether it is a birth, whose values may have been told before.
  package var isBirth = false
  /// Values of a birth with the time of the last that was told.
  package var repeatedReadings = 0

  /// Whether it should have values and has none that can be read.
  private var lacksValues = false

  /// Whether it is about lives, and has no values.
  package var isNotice: Bool {
    messages.isEmpty && refused.count == 0 && repeatedReadings == 0 && !lacksValues
  }

  package init() {}

  /// A payload that came before, and of which nothing could be read then.
  init(repetitionWithoutValues: Void) {
    isRepetition = true
    lacksValues = true
  }
}
