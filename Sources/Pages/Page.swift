/// A whole page: one file, complete without its script, that asks nothing of any network.
package struct Page: Hashable, Sendable {
  /// What the page is of, and what it came to.
  package struct Header: Hashable, Sendable {
    /// What is known of it in a few words, such as when it began.
    package struct Fact: Hashable, Sendable {
      package var name: String
      package var value: String

      package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
      }
    }

    package var title: String
    /// The verdict in a word, and the sign beside it; nil where there is none.
    package var verdict: (word: String, mark: PageMark)? {
      get { verdictWord.map { ($0, verdictMark) } }
      set {
        verdictWord = newValue?.word
        verdictMark = newValue?.mark ?? .neutral
      }
    }
    private var verdictWord: String?
    private var verdictMark = PageMark.neutral
    /// Sentences below it.
    package var notes: [String]
    package var facts: [Fact]

    package init(
      title: String, verdict: (word: String, mark: PageMark)? = nil, notes: [String] = [], facts: [Fact] = []
    ) {
      self.title = title
      self.notes = notes
      self.facts = facts
      self.verdict = verdict
    }
  }

  /// What a browser may run: digests in base64, as `sha256-…`.
  package struct Policy: Hashable, Sendable {
    /// Of ``PageStyle`` and of each style sheet within pictures.
    package var styles: [String]
    /// Of ``PageScript``.
    package var scripts: [String]

    package init(styles: [String], scripts: [String]) {
      self.styles = styles
      self.scripts = scripts
    }

    /// Nothing but these, nothing from elsewhere. Pictures of `data:` are allowed for the icon alone, which is empty: a browser would
    /// ask for one.
    var text: String {
      func list(_ digests: [String]) -> String { digests.map { "'\($0)'" }.joined(separator: " ") }
      return "default-src 'none'; style-src \(list(styles)); script-src \(list(scripts)); img-src data:; "
        + "base-uri 'none'; form-action 'none'"
    }
  }

  package var header: Header
  package var sections: [PageSection]
  /// What stands at the end.
  package var footer: String
  package var policy: Policy

  package init(header: Header, sections: [PageSection], footer: String, policy: Policy) {
    self.header = header
    self.sections = sections
    self.footer = footer
    self.policy = policy
  }

  /// The file. Equal pages give equal bytes.
  package func text() -> String {
    let word = header.verdict.map { "\($0.word): " } ?? ""
    let head = HTML.element(
      "head", .void("meta", ["charset": "utf-8"]),
      .void("meta", ["http-equiv": "Content-Security-Policy", "content": policy.text]),
      .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      .void("meta", ["name": "color-scheme", "content": "light dark"]),
      .element("title", .text("\(word)\(header.title)")),
      .void("link", ["rel": "icon", "href": "data:,"]), .code("style", PageStyle.text))
    let body = HTML.element(
      "body", headerHTML, navigation, .element("main", sections.map(\.html)),
      .element("footer", .element("p", .text(footer))), .code("script", PageScript.text))
    return "<!doctype html>\n" + HTML.element("html", ["lang": "en"], head, body).source + "\n"
  }

  private var headerHTML: HTML {
    var pieces: [HTML] = [.element("h1", .text(header.title))]
    if let (word, mark) = header.verdict {
      pieces.append(
        .element("p", ["class": "verdict \(mark.className)"], mark.html, .element("span", .text(word))))
    }
    pieces += header.notes.map { .element("p", .text($0)) }
    if !header.facts.isEmpty {
      pieces.append(
        .element(
          "dl", ["class": "facts"],
          header.facts.map {
            .element("div", .element("dt", .text($0.name)), .element("dd", .text($0.value)))
          }))
    }
    return .element("header", pieces)
  }

  /// The sections by what they are about and what was found: the page in short.
  private var navigation: HTML {
    .element(
      "nav", ["aria-label": "Sections"],
      .element(
        "ol",
        sections.map { section in
          .element(
            "li",
            .element(
              "a", ["href": "#\(section.id)"], .element("span", ["class": "topic"], .text(section.topic)),
              .text(" "), .element("span", ["class": "finding"], .text(section.finding))))
        }))
  }
}
