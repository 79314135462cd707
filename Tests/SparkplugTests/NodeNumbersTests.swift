import Sparkplug
import Telemetry
import Testing

/// What sequence numbers from 0 to 255 stand for.
@Suite struct NodeNumbersTests {
  /// Takes a message down, with its number as digest unless it says another.
  private func take(
    _ numbers: inout NodeNumbers, _ number: Int64, digest: UInt64? = nil, sent: UInt64? = nil
  ) -> NodeNumbers.Place {
    let digest = digest ?? UInt64(number + 1)
    let place = numbers.place(UInt8(number & 255), digest, sent: sent ?? UInt64(number * 10))
    numbers.take(place, digest, sent: sent ?? UInt64(number * 10))
    return place
  }

  @Test func theyGoOnBeyond255() {
    var numbers = NodeNumbers()
    for number in Int64(0)..<2000 {
      #expect(take(&numbers, number) == .next(number, missing: 0))
      if number > 300 { #expect(take(&numbers, number - 255) == .again(number - 255)) }
    }
  }

  @Test func gapsAreCounted() {
    var numbers = NodeNumbers()
    _ = take(&numbers, 0)
    #expect(take(&numbers, 5) == .next(5, missing: 4))
    #expect(take(&numbers, 259) == .next(259, missing: 253))
    // A whole round is lost without a trace.
    #expect(take(&numbers, 259 + 257, sent: 99_999) == .next(260, missing: 0))
  }

  @Test func whatWasOvertakenFillsItsGap() {
    var numbers = NodeNumbers()
    for number in Int64(0)...300 where number != 250 && number != 290 { _ = take(&numbers, number) }
    #expect(take(&numbers, 290) == .late(290))
    #expect(take(&numbers, 290) == .again(290))
    #expect(take(&numbers, 250) == .late(250))
  }

  /// Messages of one millisecond overtake each other too.
  @Test func whatWasOvertakenMayHaveTheTimeOfTheNext() {
    var numbers = NodeNumbers()
    _ = take(&numbers, 0, sent: 100)
    #expect(take(&numbers, 2, sent: 105) == .next(2, missing: 1))
    #expect(take(&numbers, 1, sent: 105) == .late(1))
    #expect(take(&numbers, 1, sent: 105) == .again(1))
    #expect(take(&numbers, 3, sent: 106) == .next(3, missing: 0))
    // A number that was there already is one of the next round, whatever the time.
    #expect(take(&numbers, 1 + 256, digest: 99, sent: 106) == .next(257, missing: 253))
  }

  /// After an absence any number may come; it must not pass for one that was seen.
  @Test func anAbsenceIsNoRepetition() {
    for next in Int64(0)...255 {
      var numbers = NodeNumbers()
      for number in Int64(0)...600 { _ = take(&numbers, number) }
      let place = numbers.place(UInt8(next), 9_999_999, sent: 1_000_000)
      #expect(place.number > 600 && place.number <= 856 && place.number & 255 == next)
      if case .next = place { continue }
      Issue.record("\(next) is \(place)")
    }
  }

  /// A clock that is set back makes nothing late that comes in its turn.
  @Test func aClockThatIsSetBack() {
    var numbers = NodeNumbers()
    for number in Int64(0)...300 { _ = take(&numbers, number) }
    #expect(take(&numbers, 301, sent: 5) == .next(301, missing: 0))
    #expect(take(&numbers, 303, sent: 6) == .next(303, missing: 1))
  }

  @Test func messagesWithoutANumberGoOn() {
    var numbers = NodeNumbers()
    _ = take(&numbers, 7)
    let place = numbers.place(nil, 77, sent: nil)
    #expect(place == .next(8, missing: 0))
    numbers.take(place, 77, sent: nil)
    #expect(numbers.place(nil, 77, sent: nil) == .again(8))
  }
}
