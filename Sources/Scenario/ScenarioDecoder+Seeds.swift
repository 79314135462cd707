import Documents

extension ScenarioDecoder {
  /// The scenario's own `seeds`: the text `1..10`, or a list of seeds and such texts.
  func seeds(_ reader: MappingReader) -> SeedList? {
    guard let node = reader.node("seeds") else { return nil }
    guard case .sequence(let nodes) = node.content else {
      return seeds(of: node) { () throws(SeedListError) -> SeedList in
        // A number alone may be one seed or how many there are, and the message of the text says so.
        guard let text = node.wholeNumber == nil ? Self.string(node) : node.text else {
          throw SeedListError("expected \(SeedList.wanted), or a list of seeds, found \(node.summary)")
        }
        return try SeedList(text)
      }
    }
    let parts = nodes.map { node in
      seeds(of: node) { () throws(SeedListError) -> ClosedRange<UInt64> in
        if let seed = node.wholeNumber.flatMap(UInt64.init(exactly:)) { return seed...seed }
        guard let text = Self.string(node) else {
          throw SeedListError(
            "expected a seed, a whole number from 0 to \(UInt64.max), found \(node.summary)")
        }
        return try SeedList.range(text)
      }
    }
    let known = parts.compactMap(\.self)
    guard known.count == parts.count else { return nil }
    return seeds(of: node) { () throws(SeedListError) -> SeedList in try SeedList(parts: known) }
  }

  /// What `read` makes of `node`; where it makes nothing, the reason is in the diagnostics.
  private func seeds<Value>(of node: DocumentNode, _ read: () throws(SeedListError) -> Value) -> Value? {
    do throws(SeedListError) {
      return try read()
    } catch {
      diagnostics.add(node.location, "seeds: \(error)")
      return nil
    }
  }

  private static func string(_ node: DocumentNode) -> String? {
    if case .string(let text)? = node.scalar { text } else { nil }
  }
}
