/// A piece of an HTML page. Text and the values of attributes are escaped when they are put in, and there is no way in for ready-made
/// markup but ``picture(_:)`` (and style and script, which are the page's own), so that nothing that a user has named becomes markup.
package struct HTML: Hashable, Sendable {
  /// The markup.
  package let source: String

  private init(source: String) { self.source = source }

  /// `text` as it reads, whatever it is made of.
  package static func text(_ text: String) -> HTML { HTML(source: escaped(text)) }

  /// An SVG picture of the module `Charts`, which has escaped its own text.
  package static func picture(_ svg: String) -> HTML { HTML(source: svg) }

  /// Pieces one after another.
  package static func list(_ pieces: [HTML]) -> HTML { HTML(source: pieces.map(\.source).joined()) }

  /// An element with an end tag. The names are written in the program.
  package static func element(_ name: StaticString, _ content: HTML...) -> HTML {
    element(name, attributes: [], content)
  }

  package static func element(_ name: StaticString, _ content: [HTML]) -> HTML {
    element(name, attributes: [], content)
  }

  package static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>, _ content: HTML...
  ) -> HTML {
    element(name, attributes, content)
  }

  package static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>, _ content: [HTML]
  ) -> HTML {
    element(name, attributes: attributes.map { ($0.key, $0.value) }, content)
  }

  /// The same with attributes that are put together one by one.
  static func element(
    _ name: StaticString, attributes: [(StaticString, String)], _ content: [HTML]
  ) -> HTML {
    HTML(source: start(name, attributes) + content.map(\.source).joined() + "</\(name)>")
  }

  /// An element that has neither content nor an end tag, such as `br`.
  package static func void(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:])
    -> HTML
  {
    HTML(source: start(name, attributes.map { ($0.key, $0.value) }))
  }

  /// An element whose text is code of this program, and is not escaped: `style` and `script`. It holds no end tag.
  static func code(_ name: StaticString, _ text: String) -> HTML {
    precondition(!text.contains("</"), "the code of a page ends its element")
    return HTML(source: "<\(name)>\(text)</\(name)>")
  }

  private static func start(_ name: StaticString, _ attributes: [(StaticString, String)]) -> String {
    "<\(name)" + attributes.map { " \($0)=\"\(escaped($1))\"" }.joined() + ">"
  }

  /// `text` with what means something in HTML written as references. Characters that HTML does not allow become U+FFFD.
  private static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      // Controls, and the characters that turn the direction of what follows.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}",
        "\u{FFFE}", "\u{FFFF}":
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
