import Charts
import Foundation
import FoundationXML
import Testing

/// An SVG file as a reader of XML sees it.
struct Picture {
  struct Element: Hashable {
    var name: String
    var attributes: [String: String]
    /// Its own characters, those of its tooltip aside.
    var text = ""
    /// The text of a `title` within it.
    var tooltip: String?
    /// Whether it lies within a definition, which is not drawn where it stands.
    var isDefinition = false

    func number(_ name: String) -> Double { attributes[name].flatMap(Double.init) ?? 0 }

    func has(_ role: String) -> Bool {
      attributes["class"]?.split(separator: " ").contains { $0 == role } ?? false
    }

    /// Pairs of numbers of `points`, or of a path of absolute moves and lines.
    var points: [(x: Double, y: Double)] {
      let text = attributes["points"] ?? attributes["d"] ?? ""
      let numbers = text.split { !"0123456789.-".contains($0) }.compactMap { Double($0) }
      return stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
    }

    /// What it covers; nil for what is not drawn.
    var box: Box? {
      switch name {
      case "line":
        let (x1, x2, y1, y2) = (number("x1"), number("x2"), number("y1"), number("y2"))
        return Box(left: min(x1, x2), top: min(y1, y2), right: max(x1, x2), bottom: max(y1, y2))
      case "rect":
        return Box(
          left: number("x"), top: number("y"), right: number("x") + number("width"),
          bottom: number("y") + number("height"))
      case "circle":
        let middle = number("r")
        return Box(left: number("cx"), top: number("cy"), right: number("cx"), bottom: number("cy")).grown(
          by: middle)
      case "polyline", "polygon", "path":
        let points = points
        guard let first = points.first else { return nil }
        return points.reduce(Box(left: first.x, top: first.y, right: first.x, bottom: first.y)) {
          Box(
            left: min($0.left, $1.x), top: min($0.top, $1.y), right: max($0.right, $1.x),
            bottom: max($0.bottom, $1.y))
        }
      case "text":
        let size = attributes["font-size"].flatMap(Double.init) ?? ChartDefaults.fontSize
        let width = ChartText.width(text, size: size)
        let shares: [String: Double] = ["middle": 0.5, "end": 1]
        let share = shares[attributes["text-anchor"] ?? "start"] ?? 0
        let left = number("x") - share * width
        return Box(
          left: left, top: number("y") - 0.75 * size, right: left + width, bottom: number("y") + 0.2 * size)
      default: return nil
      }
    }
  }

  private(set) var elements: [Element]

  /// Fails where `svg` is no well-formed XML.
  init(_ svg: String) throws {
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    try #require(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    elements = reader.elements
  }

  /// Those of a class, such as `mark`.
  func all(_ role: String) -> [Element] { elements.filter { $0.has(role) } }

  var texts: [String] { elements.filter { $0.name == "text" }.map(\.text) }

  /// The value that a label stands for, and the pixel of its middle: of the axis that lies, in the order of the file.
  func labelsBelow(_ title: String) -> [(text: String, x: Double)] {
    let texts = elements.filter { $0.name == "text" }
    guard let axis = texts.first(where: { $0.text == title }) else { return [] }
    // Labels stand a line above the title.
    return texts.filter { abs($0.number("y") - (axis.number("y") - 21)) < 0.5 }.map {
      ($0.text, $0.number("x"))
    }
  }

  /// Labels of the axis that rises: their text, and the level of their grid line.
  var labelsAtTheSide: [(text: String, y: Double)] {
    elements.filter { $0.name == "text" && $0.attributes["text-anchor"] == "end" && $0.has("fill-quiet") }
      .map { ($0.text, $0.number("y") - 4) }
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var elements: [Element] = []
    private var open: [Int] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      var element = Element(name: name, attributes: attributes)
      element.isDefinition = open.contains { ["defs", "pattern"].contains(elements[$0].name) }
      open.append(elements.count)
      elements.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      guard let last = open.last else { return }
      elements[last].text += string
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      guard let last = open.popLast() else { return }
      if name == "title", let parent = open.last { elements[parent].tooltip = elements[last].text }
    }
  }
}
