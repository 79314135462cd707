/// The worst of many things, and no more of them than are shown.
struct WorstFirst<Element> {
  private let capacity: Int
  private let isWorse: (Element, Element) -> Bool
  /// The worst first.
  private(set) var elements: [Element] = []
  /// How many there were.
  private(set) var total = 0

  /// - Parameters:
  ///   - capacity: How many are kept.
  ///   - isWorse: A strict order. Of equals, the one that came first comes first.
  init(_ capacity: Int, isWorse: @escaping (Element, Element) -> Bool) {
    self.capacity = capacity
    self.isWorse = isWorse
  }

  mutating func add(_ element: Element) {
    total += 1
    if elements.count == capacity, let last = elements.last, !isWorse(element, last) { return }
    var place = elements.count
    while place > 0, isWorse(element, elements[place - 1]) { place -= 1 }
    elements.insert(element, at: place)
    if elements.count > capacity { elements.removeLast() }
  }
}
