/// The bounds of pages, each with its reason.
package enum PageDefaults {
  /// Tables of more rows get a field that filters them: fewer are seen at a glance.
  package static let fewestFilteredRows = 15
  /// The most bytes of the page's script: a page is read where scripts are off, too, and is to be small.
  package static let mostScriptBytes = 15_000
}
