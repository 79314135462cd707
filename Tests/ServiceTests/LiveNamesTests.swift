import BatchScoring
import Compute
import Files
import Foundation
import Service
import Telemetry
import TestSupport
import Testing
import WindowStore

/// What somebody has named is text on the live page, wherever it stands in what is sent.
@Suite struct LiveNamesTests {
  static let names = [
    "</title></style></svg><img src=x onerror=alert(1)>", "</script><svg onload=alert(1)>",
    "\" onclick=\"alert(1)",
    "' onclick='alert(1)", "&lt;b&gt; &amp;", "]]><!--", "a\r\ndata: b\n\nevent: end",
    "a\u{0}b\u{7}c\u{1B}[31m\u{9B}d",
    "a\u{2028}b\u{2029}", "\u{202E}rtl\u{2066}", String(repeating: "漢", count: 64),
    String(repeating: "W", count: 64),
  ]

  /// A state in which everything that has a name is called `name`.
  private static func state(_ name: String, hasEnded: Bool) -> LiveState {
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    var look = LiveLook()
    let column = name.replacing(",", with: " ")
    look.timeline = [
      "seconds,phase,published,stored,late,rejected,windows,predictions,backlog,\(column)_memory_bytes,\(column)_cpu_seconds",
      "0.0,\(column),0,0,0,0,0,0,0,1000,0.50", "1.0,\(column),2,1,0,0,1,0,1,1000,0.75",
    ]
    look.log = [
      RunLogEntry(.plan, atMs: 0, text: name, messages: 10, faults: [name, name]),
      RunLogEntry(.fleet, atMs: 1, text: name), RunLogEntry(.phase, atMs: 1, text: name),
      RunLogEntry(.trial, atMs: 2, text: name), RunLogEntry(.notice, atMs: 3, text: name),
      RunLogEntry(.notice, atMs: 4, text: "fault \(name): \(name)"),
    ]
    var store = StoreLook()
    store.devices = [StoreLook.Device(number: 1, name: name)]
    store.sensors = [1: name]
    store.readings = [StoreLook.Value(device: 1, sensor: 1, time: now, value: 1)]
    look.store = store
    var jobs = JobLook()
    var job = JobRecord(
      cut: JobCut(after: now, fire: now + .seconds(60)), deployment: name, state: .failed, queuedAt: now)
    job.reason = name
    jobs.jobs = [job]
    jobs.nodeStates = [NodeStateRecord(target: name, node: 1, state: .idle, at: now)]
    look.jobs = jobs
    look.replicas = [(1, name)]
    look.scores = [LiveDevices.Score(device: name, end: "2026", score: -1, isAnomalous: true)]
    look.trouble = name
    if hasEnded {
      var end = LiveEnd(verdict: name, reason: name)
      end.scenario = name
      end.failed = [.init(expression: name, actual: name)]
      look.end = end
    }
    var state = LiveState(folder: name, now: now)
    state.take(look, now: now)
    return state
  }

  /// The texts of a JSON value, and the value with "text" in place of each: keys, numbers and how many there are of everything.
  private static func parts(_ bytes: [UInt8]) throws -> (texts: [String], rest: JSONValue) {
    var texts: [String] = []
    func rest(_ value: JSONValue) -> JSONValue {
      switch value {
      case .text(let text):
        texts.append(text)
        return .text("text")
      case .array(let entries): return .array(entries.map(rest))
      // In the order of their names, so that texts have one order too.
      case .object(let members):
        return .object(
          Dictionary(
            uniqueKeysWithValues: members.sorted { $0.key < $1.key }.map { ($0.key, rest($0.value)) }))
      default: return value
      }
    }
    let value = rest(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)))
    return (texts, value)
  }

  @Test(arguments: names, [false, true]) func aNameChangesTextsAlone(name: String, hasEnded: Bool) throws {
    let (named, plain) = (Self.state(name, hasEnded: hasEnded), Self.state("plain", hasEnded: hasEnded))
    var count = 0
    for kind in [\LiveState.stateJSON, \.historyJSON, \.gridJSON] {
      let (bytes, others) = (named[keyPath: kind], plain[keyPath: kind])
      // In an event stream a line break would be a new field, and in a page an end tag would end the script.
      #expect(!bytes.contains { $0 < 0x20 || $0 == 0x7F })
      let (sent, expected) = (try Self.parts(bytes), try Self.parts(others))
      #expect(sent.rest == expected.rest)
      #expect(sent.texts.count == expected.texts.count)
      for (text, other) in zip(sent.texts, expected.texts) where text != other {
        count += 1
        #expect(
          !text.unicodeScalars.contains {
            $0.value < 0x20 || 0x7F...0x9F ~= $0.value || 0x2028...0x202E ~= $0.value
              || 0x2066...0x2069 ~= $0.value
          }, "\(text)")
        #expect(text.unicodeScalars.count <= LiveDefaults.reasonLength + 1)
      }
    }
    #expect(count >= (hasEnded ? 14 : 13), "the name is sent everywhere: \(count)")
  }

  @Test(arguments: names) func thePageHasTheSameElements(name: String) {
    let named = PageReader(String(decoding: LivePage(folder: name).bytes, as: UTF8.self))
    let plain = PageReader(String(decoding: LivePage(folder: "plain").bytes, as: UTF8.self))
    #expect(named.faults.isEmpty, "\(named.faults)")
    #expect(named.elements == plain.elements)
    #expect(named.all("script").count == 1 && named.all("img").isEmpty)
  }

  /// A name that is put in as it is.
  @Test func aNameThatIsMarkupIsFound() {
    let html = String(decoding: LivePage(folder: "<b>bold</b>").bytes, as: UTF8.self)
    let damaged = html.replacing("&lt;b&gt;bold&lt;/b&gt;", with: "<b>bold</b>", maxReplacements: 1)
    #expect(damaged != html)
    #expect(PageReader(damaged).elements != PageReader(html).elements)
  }
}

extension LiveState {
  fileprivate var gridJSON: [UInt8] { devicesJSON() }
}
