import Documents

extension ScenarioDecoder {
  /// The scenario's own `seeds`: the text `1..10`, or a list of seeds and such texts.
  func seeds(_ reader: MappingReader) -> SeedList? {
    guard let node = reader.node("seeds") else { return nil }
    do throws(SeedListError) {
      guard case .sequence(let nodes) = node.content else {
        guard case .string(let text)? = node.scalar else {
          // A number alone may be one seed or how many there are, and the message of the text says so.
          if node.wholeNumber != nil, let text = node.text { return try SeedList(text) }
          throw SeedListError("expected \(SeedList.wanted), or a list of seeds, found \(node.summary)")
        }
        return try SeedList(text)
      }
      var parts: [ClosedRange<UInt64>] = []
      for node in nodes {
        if let seed = node.wholeNumber.flatMap(UInt64.init(exactly:)) {
          parts.append(seed...seed)
        } else if case .string(let text)? = node.scalar {
          parts.append(try SeedList.range(text))
        } else {
          throw SeedListError(
            "expected a seed, a whole number from 0 to \(UInt64.max), found \(node.summary)")
        }
      }
      return try SeedList(parts: parts)
    } catch {
      diagnostics.add(node.location, "seeds: \(error)")
      return nil
    }
  }
}
