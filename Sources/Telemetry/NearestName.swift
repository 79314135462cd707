/// Finds the name that was probably meant.
package enum NearestName {
  /// The one of `names` nearest to `name`, where it is near enough to be a slip of the hand: at most one edit for each
  /// three characters, and always at least one. Of equally near ones, the one that begins alike for longest, then the
  /// first.
  package static func of(_ name: String, among names: some Sequence<String>) -> String? {
    let limit = max(1, name.count / 3)
    let letters = Array(name.lowercased())
    var best: (name: String, distance: Int, difference: Int)?
    for candidate in names {
      let others = Array(candidate.lowercased())
      // Each letter more is an insertion.
      guard abs(letters.count - others.count) <= limit else { continue }
      let distance = distance(letters, others)
      // Negative, so that less is better for both.
      let difference = -zip(letters, others).prefix { $0 == $1 }.count
      if distance <= limit, (distance, difference) < best.map({ ($0.distance, $0.difference) }) ?? (.max, 0) {
        best = (candidate, distance, difference)
      }
    }
    return best?.name
  }

  /// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b` (optimal string
  /// alignment: no part is edited twice).
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast = [Int]()
    var last = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      for j in b.indices {
        var cost = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[b.count]
  }
}
