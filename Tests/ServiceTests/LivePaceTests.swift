import Foundation
import HTTP
import Service
import Testing

/// What a viewer is sent and when, and for whom a request is, as values.
@Suite struct LivePaceTests {
  private func offer(_ number: Int, state: Int = 100, devices: Int = 10_000) -> ViewerPace.Offer {
    var offer = ViewerPace.Offer()
    offer.history = Array("H".utf8)
    offer.state = Array(repeating: UInt8(ascii: "s"), count: state)
    offer.devices = Array(repeating: UInt8(ascii: "d"), count: devices)
    (offer.stateNumber, offer.devicesNumber) = (number, number)
    return offer
  }

  @Test func theHistoryComesFirst() {
    var pace = ViewerPace(bytesPerSecond: 20_000, now: 0)
    guard case .send(let first) = pace.next(offer(7, state: 3), now: 0) else {
      Issue.record("nothing was sent")
      return
    }
    #expect(String(decoding: first, as: UTF8.self) == "retry: 2000\n\nHsss")
    #expect(pace.next(offer(7, state: 3), now: 0) == .send(offer(7).devices))
    #expect(pace.next(offer(7, state: 3), now: 5) == .wait, "there is nothing new")
    #expect(pace.next(offer(9, state: 3), now: 5) == .send(Array("sss".utf8)), "8 was left out, and is old")
  }

  @Test(arguments: [500, 28_000, 94_000]) func theRateIsKept(devices: Int) {
    var pace = ViewerPace(bytesPerSecond: 20_000, now: 0)
    var sent = 0
    var (states, grids) = (0, 0)
    for second in 1...120 {
      let now = offer(second, state: 6_000, devices: devices)
      while case .send(let bytes) = pace.next(now, now: Double(second)) {
        sent += bytes.count
        if bytes == now.devices { grids += 1 } else { states += 1 }
      }
    }
    // What was saved up at the beginning is at most one grid, or one second's worth.
    #expect(sent <= 120 * 20_000 + devices + 20_000)
    #expect(states >= 110, "the state goes first")
    #expect(grids >= min(110, 120 * 13_000 / devices))
  }

  @Test func theEndIsSentWholeAndIsTheLast() {
    var pace = ViewerPace(bytesPerSecond: 10, now: 0)
    _ = pace.next(offer(1), now: 0)
    #expect(pace.next(offer(2), now: 0) == .wait, "it has had its share")
    var last = offer(3)
    last.isLast = true
    last.end = Array("END".utf8)
    #expect(pace.next(last, now: 0) == .send(last.history + last.state + last.devices + last.end))
    #expect(pace.next(last, now: 0) == .end)
  }

  @Test func whoeverComesAtTheEndGetsIt() {
    var pace = ViewerPace(now: 0)
    var last = offer(3)
    last.isLast = true
    last.end = Array("END".utf8)
    guard case .send(let first) = pace.next(last, now: 0) else {
      Issue.record("nothing was sent")
      return
    }
    #expect(first.suffix(100) == last.state[...])
    #expect(pace.next(last, now: 0) == .send(last.devices + last.end))
    #expect(pace.next(last, now: 0) == .end)
  }

  @Test func eventsAreFramed() {
    let bytes = ServerSentEvent.bytes("state", id: 42, Array("{\"a\":1}".utf8))
    #expect(String(decoding: bytes, as: UTF8.self) == "event: state\nid: 42\ndata: {\"a\":1}\n\n")
    #expect(String(decoding: ServerSentEvent.retry(milliseconds: 5), as: UTF8.self) == "retry: 5\n\n")
  }

  @Test(arguments: [
    ("127.0.0.1:8080", true), ("localhost:8080", true), ("LocalHost:8080", true), ("[::1]:8080", true),
    ("127.0.0.1", false), ("127.0.0.1:80", false), ("evil.example:8080", false), ("evil.example", false),
    ("127.0.0.1.evil.example:8080", false), ("localhost.:8080", false), ("127.0.0.1:8080:8080", false),
    ("127.0.0.1:", false), ("", false), ("[::1:8080", false), ("192.168.0.7:8080", false),
  ]) func aLoopbackServerIsKnownByItsOwnNamesAlone(host: String, isAccepted: Bool) throws {
    let check = try #require(HostCheck(try ListenAddress("127.0.0.1:8080")))
    #expect(check.accepts(host) == isAccepted, "\(host)")
    #expect(!check.accepts(nil))
  }

  @Test func oneThatOthersReachIsKnownByAddressesAndItsOwnName() throws {
    let all = try #require(HostCheck(try ListenAddress("0.0.0.0:80")))
    #expect(all.accepts("192.168.0.7") && all.accepts("[2001:db8::1]:80"))
    #expect(!all.accepts("evil.example") && !all.accepts("localhost"))
    let named = try #require(HostCheck(try ListenAddress("lab-7.example:8080")))
    #expect(named.accepts("lab-7.example:8080") && !named.accepts("lab-8.example:8080"))
    #expect(HostCheck(try ListenAddress("unix:/run/x")) == nil)
  }
}
