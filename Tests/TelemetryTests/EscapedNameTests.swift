import Telemetry
import Testing

@Suite struct EscapedNameTests {
  @Test(arguments: [
    ("pump-7", "pump-7"), ("a.b_c", "a.b_c"), ("switch:0", "switch_x3A0"), ("Living room", "Living_x20room"),
    ("Grün", "Gr_xC3_xBCn"), ("a_x2Fb", "a_x5Fx2Fb"), ("a_x2fb", "a_x2fb"), ("_total", "x5F_total"),
    ("/a", "x2F_a"), ("x2F_a", "x78_2F_a"), ("x2F/", "x78_2F_x2F"), ("x2f_a", "x2f_a"), ("x_a", "x_a"),
  ])
  func idsOfNames(name: String, id: String) {
    #expect(EscapedName.id(of: name) == id)
    #expect(DeviceID(id) != nil)
    #expect(EscapedName.name(of: id) == name)
  }

  @Test(arguments: [
    ("Motor/Speed", "Motor.Speed"), ("v1.2/x", "v1_x2E2.x"), ("/a", "x2F_a"), ("a//b", "a..b"),
    ("plant 1/line3/pump-7", "plant_x201.line3.pump-7"),
  ])
  func pathsHaveDots(name: String, id: String) {
    #expect(EscapedName.id(of: name, separator: UInt8(ascii: "/")) == id)
    #expect(SensorID(id) != nil)
    #expect(EscapedName.name(of: id, separator: UInt8(ascii: "/")) == name)
  }

  @Test func whatIsTooLongHasNoId() {
    #expect(EscapedName.id(of: String(repeating: "a", count: 64)) != nil)
    #expect(EscapedName.id(of: String(repeating: "a", count: 65)) == nil)
    #expect(EscapedName.id(of: String(repeating: "/", count: 20)) == nil)
    #expect(EscapedName.id(of: "") == nil)
  }

  /// What reads as another name's id, or as nobody's.
  @Test(arguments: ["a_x41", "x41_a", "a_xFF", "a_x2F"])
  func idsThatNoNameHas(id: String) {
    #expect(EscapedName.name(of: id, separator: UInt8(ascii: "/")) == nil)
  }

  /// Short names of the characters that the rule is about, all of them.
  @Test func noTwoNamesHaveOneId() {
    let letters = ["x", "_", "2", "F", "/", ".", ":"]
    var names: [String] = []
    var level = [""]
    for _ in 0..<5 {
      level = level.flatMap { name in letters.map { name + $0 } }
      names += level
    }
    for separator in [nil, UInt8(ascii: "/")] {
      var ids = Set<String>()
      for name in names {
        guard let id = EscapedName.id(of: name, separator: separator) else {
          Issue.record("\(name) has no id")
          continue
        }
        #expect(ids.insert(id).inserted, "\(name) has the id \(id) of another name")
        #expect(IdentifierRule.accepts(id.utf8), "\(id)")
        #expect(EscapedName.name(of: id, separator: separator) == name)
      }
    }
  }
}
