/// What separates the fields of a row of CSV, as people name it.
package enum FieldSeparator {
  /// `comma`, `semicolon`, `tab`, or a character as it is; nil for what cannot separate fields.
  package static func character(_ name: String) -> Character? {
    switch name {
    case "comma": return ","
    case "semicolon": return ";"
    case "tab", "\\t": return "\t"
    default:
      // Quotes and line breaks have their own meaning, and a digit, a sign or a dot would cut numbers.
      guard name.count == 1, let only = name.first, only.isASCII,
        only.isPunctuation || only.isSymbol || only == "\t",
        !"\"-.+".contains(only)
      else { return nil }
      return only
    }
  }
}
