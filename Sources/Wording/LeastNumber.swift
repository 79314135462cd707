/// The least that a whole number of a setting may be. It stands at the type that has the setting; options, documents and files of
/// settings all ask it, and get their words from it.
package struct LeastNumber: Hashable, Sendable {
  package let minimum: Int

  package init(_ minimum: Int) { self.minimum = minimum }

  /// What is expected, for messages.
  package var wanted: String { minimum == 0 ? "a whole number" : "a whole number of at least \(minimum)" }

  /// `number` where it may be, nil where it may not.
  package func accepted(_ number: Int) -> Int? { number >= minimum ? number : nil }

  /// What keeps `number` from being the setting called `name`, in a sentence; nil where nothing does.
  package func fault(_ number: Int, _ name: String) -> String? {
    number >= minimum ? nil : "\(name) is \(number); it must be \(wanted)"
  }
}
