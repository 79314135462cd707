import Foundation
import FoundationXML

/// Whether a text is XML, as a reader of XML sees it.
struct XMLShape {
  let isWellFormed: Bool

  init(_ text: String) { isWellFormed = XMLParser(data: Data(text.utf8)).parse() }
}
