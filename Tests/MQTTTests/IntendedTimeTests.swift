import MQTT
import Testing

/// When a message was meant to leave, as its publication says it.
@Suite struct IntendedTimeTests {
  @Test(arguments: [
    ("1767225600000000", 1_767_225_600_000_000, -1), ("1767225600000000/0", 1_767_225_600_000_000, 0),
    ("5/63", 5, 63),
  ])
  func whatIsWrittenIsRead(text: String, microseconds: Int64, stage: Int32) {
    #expect(text.withCString { IntendedTime($0) } == IntendedTime(microseconds: microseconds, stage: stage))
  }

  /// Others may publish a property of this name, and a stage is an index of ours.
  @Test(arguments: ["", "x", "/1", "5/", "5/x", "5/64", "5/-1", "5/1x", "5 ", "5/1/1"])
  func whatNobodyHereWritesIsNoTime(text: String) {
    #expect(text.withCString { IntendedTime($0) } == nil, "\(text)")
  }
}
