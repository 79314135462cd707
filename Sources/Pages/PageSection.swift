/// A part of a page: what was found, in words and numbers, a picture of it, and the figures of the picture as a table.
package struct PageSection: Hashable, Sendable {
  /// Names it in the page's address, of letters, digits and hyphens: `lost`, `found`.
  package var id: String
  /// What the section is about, in a word or two, for the list of sections: “Was anything lost?”.
  package var topic: String
  /// Its title: the finding, in words and numbers: “Nothing was lost: 172,800 of 172,800 readings are stored”.
  package var finding: String
  /// Sentences below the title.
  package var notes: [String]
  package var figures: [PageFigure]
  package var tables: [PageTable]
  /// Texts of files, after the tables.
  package var texts: [PageText]

  package init(
    id: String, topic: String, finding: String, notes: [String] = [], figures: [PageFigure] = [],
    tables: [PageTable] = [], texts: [PageText] = []
  ) {
    self.id = id
    self.topic = topic
    self.finding = finding
    self.notes = notes
    self.figures = figures
    self.tables = tables
    self.texts = texts
  }
}

/// The text of a file in a page, line by line as it is, folded until somebody opens it.
package struct PageText: Hashable, Sendable {
  /// Names it in the page, of letters, digits and hyphens.
  package var id: String
  /// What it is the text of.
  package var title: String
  package var text: String

  package init(id: String, title: String, text: String) {
    self.id = id
    self.title = title
    self.text = text
  }
}

/// A picture in a page.
package struct PageFigure: Hashable, Sendable {
  /// The text of a sheet of the module `Charts`, which says in its own title and description what is seen.
  package var svg: String
  /// What is to be said below it; nil for nothing.
  package var caption: String?

  package init(svg: String, caption: String? = nil) {
    self.svg = svg
    self.caption = caption
  }
}

/// A table in a page, which is also what those read who do not see the pictures.
package struct PageTable: Hashable, Sendable {
  package struct Column: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      case text
      /// Stands at the right, and is sorted by its value.
      case number
    }
    package var title: String
    package var kind: Kind

    package init(_ title: String, _ kind: Kind = .text) {
      self.title = title
      self.kind = kind
    }
  }

  /// What a cell says, and where it is from.
  package struct Cell: Hashable, Sendable, ExpressibleByStringLiteral {
    package var text: String
    /// What a number is sorted by.
    package var value: Double?
    /// The name of the figure in `report.json`, such as `readings.lost`; tests read it back. Nil for what is not in there.
    package var figure: String?
    /// Drawn before the text, which says the same in words.
    package var mark: PageMark?

    package init(_ text: String, value: Double? = nil, figure: String? = nil, mark: PageMark? = nil) {
      self.text = text
      self.value = value
      self.figure = figure
      self.mark = mark
    }

    package init(stringLiteral value: String) { self.init(value) }
  }

  /// Names it in the page, of letters, digits and hyphens.
  package var id: String
  package var caption: String
  package var columns: [Column]
  package var rows: [[Cell]]
  /// How many rows there would be, where the table is bounded; the page says “of N” then.
  package var total: Int?
  /// Whether the page shows it folded, to be opened.
  package var isFolded: Bool

  package init(
    id: String, caption: String, columns: [Column], rows: [[Cell]], total: Int? = nil, isFolded: Bool = false
  ) {
    self.id = id
    self.caption = caption
    self.columns = columns
    self.rows = rows
    self.total = total
    self.isFolded = isFolded
  }
}
