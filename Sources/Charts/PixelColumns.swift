/// What is kept of a line with more points than the picture has pixels.
package enum PixelColumns {
  /// `points` from left to right; of each column of pixels those that are highest and lowest, in their order, so that no spike is
  /// lost. The first and the last point stay.
  package static func thinned(_ points: [Point]) -> [Point] {
    var kept: [Point] = []
    var begin = 0
    while begin < points.count {
      let column = points[begin].x.rounded(.down)
      var (end, high, low) = (begin, begin, begin)
      while end < points.count, points[end].x.rounded(.down) == column {
        if points[end].y < points[high].y { high = end }
        if points[end].y > points[low].y { low = end }
        end += 1
      }
      var places: Set = [high, low]
      if begin == 0 { places.insert(0) }
      if end == points.count { places.insert(end - 1) }
      kept += places.sorted().map { points[$0] }
      begin = end
    }
    return kept
  }
}
