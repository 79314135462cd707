/// Pieces of pictures, each a line of text.
enum SVG {
  /// Of every picture.
  static let width = 760.0

  static func opening(height: Double) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
    width="\(number(width))" height="\(number(height))" font-family="sans-serif" font-size="11">
    <rect width="100%" height="100%" fill="#ffffff"/>

    """
  }

  /// Two decimals at most: finer than a pixel.
  static func number(_ number: Double) -> String {
    let rounded = (number * 100).rounded() / 100 + 0
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }

  static func title(_ text: String, x: Double, y: Double) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" fill=\"#333333\">\(text)</text>\n"
  }

  static func label(_ text: String, x: Double, y: Double, anchor: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"#666666\">\(text)</text>\n"
  }

  static func box(x: Double, y: Double, width: Double, height: Double, fill: String) -> String {
    "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\" fill=\"\(fill)\"/>\n"
  }

  static func line(from: (Double, Double), to: (Double, Double), stroke: String, width: Double) -> String {
    "<line x1=\"\(number(from.0))\" x2=\"\(number(to.0))\" y1=\"\(number(from.1))\" y2=\"\(number(to.1))\" "
      + "stroke=\"\(stroke)\" stroke-width=\"\(number(width))\"/>\n"
  }

  static func dot(x: Double, y: Double, radius: Double, fill: String) -> String {
    "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" fill=\"\(fill)\"/>\n"
  }

  static func ring(x: Double, y: Double, radius: Double, stroke: String) -> String {
    "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" fill=\"none\" stroke=\"\(stroke)\"/>\n"
  }

  static func cross(x: Double, y: Double, size: Double, stroke: String) -> String {
    line(from: (x - size, y - size), to: (x + size, y + size), stroke: stroke, width: 1.4)
      + line(from: (x - size, y + size), to: (x + size, y - size), stroke: stroke, width: 1.4)
  }
}
