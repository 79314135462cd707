import Charts
import Testing

extension Picture {
  /// Holds every element to lie on the paper, and every text beside the others.
  func expectNothingCut(_ comment: String) throws {
    let viewBox = try #require(elements.first?.attributes["viewBox"]).split(separator: " ")
    let paper = Box(
      left: 0, top: 0, right: try #require(Double(viewBox[2])), bottom: try #require(Double(viewBox[3])))
    for element in elements where !element.isDefinition {
      guard let box = element.box else { continue }
      #expect(paper.holds(box), "\(comment): \(element)")
    }
    let texts = elements.compactMap { text in
      text.name == "text" ? text.box.map { (text: text.text, box: $0) } : nil
    }
    for (index, text) in texts.enumerated() {
      let over = texts[..<index].first { $0.box.meets(text.box) }
      #expect(over == nil, "\(comment): “\(text.text)” over “\(over?.text ?? "")”")
    }
  }
}
