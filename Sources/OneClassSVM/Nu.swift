/// What nu may be: the share of training rows that may be outliers. Every entrance of a value (an option, a scenario, an
/// endpoint file, a setting, the JSON beside a model) asks here.
package enum Nu {
  /// Above the whole there is no share. At the lower bound, one outlier is allowed among a thousand million rows, which
  /// is more than a model of a device is ever trained on. Below it, nu · rows is lost in the rounding of the solver's
  /// sums, and 1 / nu soon fits into no whole number.
  package static let range = 1e-9...1.0

  /// ``range`` in words.
  package static let wanted = "a number from 1e-9 to 1"

  /// What keeps `nu` from being usable, in a sentence; nil where it is sound.
  package static func fault(_ nu: Double) -> String? {
    range.contains(nu) ? nil : "nu is \(nu); it must be \(wanted)"
  }

  /// The fewest rows of which one may be an outlier: 1 / nu, rounded up. `nu` is in ``range``.
  static func rowsForOneOutlier(_ nu: Double) -> Int {
    Int(exactly: (1 / nu).rounded(.up)) ?? .max
  }
}
