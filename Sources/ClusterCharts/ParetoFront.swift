/// Which of many are not beaten in both time and cost by another one.
enum ParetoFront {
  /// Indices of `points`, from the fastest to the cheapest. Of equal points the first is taken.
  static func indices(of points: [(time: Double, cost: Double)]) -> [Int] {
    let order = points.indices.sorted {
      (points[$0].time, points[$0].cost, $0) < (points[$1].time, points[$1].cost, $1)
    }
    var front: [Int] = []
    for index in order {
      if let last = front.last, points[index].cost >= points[last].cost { continue }
      front.append(index)
    }
    return front
  }
}
