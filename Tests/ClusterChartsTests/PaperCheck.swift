import Charts
import Testing

extension Picture {
  /// What is wrong with the picture as a drawing: marks beyond its paper, texts over each other, numbers that are none.
  static func faults(_ svg: String) throws -> [String] {
    let picture = try Picture(svg)
    var faults: [String] = []
    for word in ["nan", "inf\"", "\"?\""] where svg.contains(word) {
      faults.append("a coordinate is \(word)")
    }
    let viewBox = try #require(picture.elements.first?.attributes["viewBox"]).split(separator: " ")
    let paper = Box(
      left: 0, top: 0, right: try #require(Double(viewBox[2])), bottom: try #require(Double(viewBox[3])))
    for element in picture.elements where !element.isDefinition {
      if let box = element.box, !paper.holds(box) { faults.append("beyond the paper: \(element)") }
    }
    let texts = picture.elements.compactMap { text in
      text.name == "text" && !text.text.isEmpty ? text.box.map { (text: text.text, box: $0) } : nil
    }
    for (index, text) in texts.enumerated() {
      if let over = texts[..<index].first(where: { $0.box.meets(text.box) }) {
        faults.append("“\(text.text)” over “\(over.text)”")
      }
    }
    return faults
  }
}
