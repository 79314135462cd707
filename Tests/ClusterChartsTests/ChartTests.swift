import Charts
import Testing

@Suite struct ChartTests {
  @Test func marksAreSeenOnBothPapersAndTextIsRead() throws {
    for theme in [ChartTheme.light, .dark] {
      for color in ChartColor.allCases {
        #expect(try #require(Contrast.ratio(color.rawValue, theme.paper)) >= 3, "\(color) on \(theme.paper)")
      }
      for text in [theme.ink, theme.quiet] {
        #expect(try #require(Contrast.ratio(text, theme.paper)) >= 4.5, "\(text) on \(theme.paper)")
      }
    }
    for color in HeatRamp.colors {
      #expect(try #require(Contrast.ratio(HeatRamp.text(on: color), color)) >= 4.5, "text on \(color)")
    }
  }

  /// The ends, and a pair that others have computed.
  @Test func contrastIsAsTheGuidelinesDefineIt() throws {
    #expect(try #require(Contrast.ratio("#000000", "#ffffff")) == 21)
    #expect(Contrast.ratio("#0072B2", "#0072B2") == 1)
    // The palest grey that the guidelines' own tools call sufficient on white.
    #expect(abs(try #require(Contrast.ratio("#767676", "#ffffff")) - 4.54) < 0.005)
    #expect(Contrast.ratio("blue", "#ffffff") == nil)
  }

  @Test func namesCannotBecomeMarkup() {
    #expect(ChartText.escaped("a<b&c>\"d\"") == "a&lt;b&amp;c&gt;&quot;d&quot;")
    #expect(ChartText.escaped("a\u{1}b\nc\u{FFFE}") == "a\u{FFFD}b c\u{FFFD}")
  }

  @Test func textThatIsTooWideLosesItsMiddle() {
    let name = "Standard_A_Very_Long_Name_Of_A_Size_17_v5"
    let fitted = ChartText.fitted(name, to: 120)
    #expect(fitted.hasPrefix("Stand") && fitted.hasSuffix("_v5") && fitted.contains("…"))
    #expect(ChartText.width(fitted) <= 120)
    #expect(ChartText.fitted(name, to: 1000) == name)
    let lines = ChartText.wrapped("one two three four five six", to: 80)
    #expect(lines.joined(separator: " ") == "one two three four five six" && lines.count > 1)
    #expect(lines.allSatisfy { ChartText.width($0) <= 80 })
  }

  @Test func numbersHaveThreeDigits() {
    let expected: [(Double, String)] = [
      (0, "0"), (3.718, "3.72"), (0.03718, "0.0372"), (37, "37"), (1250.4, "1,250"), (4_200_000, "4.2M"),
      (999_999_999, "1B"), (-2.5, "-2.5"), (0.000000123, "0.000000123"), (1e-12, "< 0.000000001"),
      (999.7, "1,000"), (.nan, "?"),
      (.infinity, "?"), (99.96, "100"),
    ]
    for (value, text) in expected { #expect(ChartNumber.short(value) == text) }
    #expect(ChartNumber.fixed(-0.001, decimals: 2) == "0.00")
    #expect(ChartNumber.fixed(1.005e9, decimals: 1, grouped: true) == "1,005,000,000.0")
    #expect(ChartNumber.pixels(12.50001) == "12.5")
  }

  @Test func unitsAreThoseOfPeople() {
    let times: [(Double, String)] = [
      (0.25, "250 ms"), (1, "1 s"), (90, "90 s"), (60, "1 min"), (150, "2.5 min"), (3600, "1 h"),
      (9000, "2.5 h"),
      (86_400, "1 d"), (2_592_000, "30 d"), (0, "0 s"),
    ]
    for (value, text) in times { #expect(ChartUnit.seconds.text(value) == text) }
    let prices: [(Double, String)] = [
      (0, "$0"), (0.5, "$0.50"), (0.0317, "$0.0317"), (12, "$12"), (1234, "$1,234"), (2_500_000, "$2.5M"),
      (-3, "-$3"), (1e-12, "< $0.000000001"),
    ]
    for (value, text) in prices { #expect(ChartUnit.dollars.text(value) == text) }
    #expect(ChartUnit.percent.text(0.934) == "93.4%")
  }

  @Test func ticksAreRound() {
    func texts(_ scale: Scale, _ unit: ChartUnit, most: Int = 8) -> [String] {
      scale.ticks(unit, most: most).map(\.text)
    }
    #expect(texts(Scale(.linear, low: 0, high: 10), .ratio, most: 5) == ["0", "2", "4", "6", "8", "10"])
    #expect(texts(Scale(.linear, low: 0.9, high: 4.1), .count) == ["1", "2", "3", "4"])
    #expect(texts(Scale(.log2, low: 0.9, high: 70), .count) == ["1", "2", "4", "8", "16", "32", "64"])
    #expect(texts(Scale(.log10, low: 0.01, high: 10), .dollars) == ["$0.01", "$0.10", "$1", "$10"])
    #expect(
      texts(Scale(.log10, low: 300, high: 2.6e6), .seconds) == ["10 min", "1 h", "6 h", "1 d", "7 d", "30 d"])
    #expect(
      texts(Scale(.linear, low: 0, high: 600), .seconds, most: 6)
        == ["0", "2 min", "4 min", "6 min", "8 min", "10 min"])
    #expect(
      texts(Scale(.linear, low: 0, high: 0.1), .percent, most: 5) == ["0%", "2%", "4%", "6%", "8%", "10%"])
  }

  @Test func scalesPutValuesInTheirPlace() {
    let linear = Scale(.linear, low: 10, high: 20, start: 100, end: 200)
    #expect([10, 15, 20].map(linear.pixel) == [100, 150, 200])
    let falling = linear.placed(from: 200, to: 100)
    #expect(falling.pixel(12.5) == 175)
    let wide = Scale(.log10, low: 1, high: 1000, start: 0, end: 300)
    #expect(abs(wide.pixel(10) - 100) < 1e-9)
    // What lies outside is held at the nearer end.
    #expect(wide.pixel(0.001) == 0 && wide.pixel(1e9) == 300)
  }

  @Test func equalValuesHaveARangeToo() throws {
    for kind in [Scale.Kind.linear, .log2, .log10] {
      let scale = try #require(Scale.fitting(kind, [7, 7]))
      #expect(scale.low < 7 && scale.high > 7)
      #expect(scale.ticks(.ratio, most: 5).count > 0)
    }
    #expect(Scale.fitting(.linear, [.nan, .infinity]) == nil)
    #expect(Scale.fitting(.log10, [0, -1]) == nil)
    let zero = try #require(Scale.fitting(.linear, [0], fromZero: true))
    #expect(zero.low == 0 && zero.high > 0)
  }

  @Test func labelsKeepOffMarksLinesAndEachOther() throws {
    let area = Box(left: 0, top: 0, right: 200, bottom: 100)
    let point = Point(100, 50)
    var placer = LabelPlacer(area: area, marks: [point])
    placer.avoid(line: [Point(100, 50), Point(200, 50)])
    let place = placer.place("64", beside: point)
    let first = try #require(place)
    // Right of it is the line.
    #expect(first.y < 50 - ChartDefaults.markRadius)
    let places = [first] + (0..<40).compactMap { _ in placer.place("64", beside: point) }
    #expect(places.count > 4 && places.count < 41)
    let boxes = places.map {
      Box(left: $0.x, top: $0.y - 9, right: $0.x + ChartText.width("64"), bottom: $0.y + 2)
    }
    for (index, box) in boxes.enumerated() {
      #expect(area.holds(box))
      #expect(!boxes[..<index].contains { $0.meets(box) })
    }
    let wide = placer.place("a label wider than all of it", beside: point)
    #expect(wide == nil)
  }

  /// Bold letters are wider: of a name that just fits, some are left out where it is bold.
  @Test func aBoldNameHasLessRoom() {
    let name = String(repeating: "W", count: 20)
    let room = ChartText.width(name)
    var (plain, bold) = (Drawing(), Drawing())
    plain.text(name, at: Point(0, 0), room: room)
    bold.text(name, at: Point(0, 0), isBold: true, room: room)
    #expect(plain.elements[0].contains(">\(name)<") && !plain.elements[0].contains("…"))
    #expect(bold.elements[0].contains("…") && bold.elements[0].contains("<title>\(name)</title>"))
  }

  @Test func aLineIsInABoxWhereItPassesThrough() {
    let box = Box(left: 10, top: 10, right: 20, bottom: 20)
    #expect(box.meetsLine(from: Point(0, 0), to: Point(30, 30)))
    #expect(box.meetsLine(from: Point(12, 12), to: Point(13, 12)))
    #expect(!box.meetsLine(from: Point(0, 0), to: Point(9, 9)))
    #expect(!box.meetsLine(from: Point(0, 15), to: Point(9, 40)))
    #expect(!box.meetsLine(from: Point(0, 5), to: Point(30, 5)))
  }

  @Test func theStyleSheetKnowsDarkPaperAndPrintsOnWhite() {
    let sheet = ChartTheme.styleSheet
    #expect(sheet.contains("@media screen and (prefers-color-scheme:dark)"))
    #expect(sheet.contains(ChartTheme.light.paper) && sheet.contains(ChartTheme.dark.paper))
  }
}
