import Wording

/// Where Kubernetes reads the five fields of a cron expression otherwise than Sonde does, which follows Vixie cron.
package enum CronAgreement {
  /// Throws ``ManifestError`` where both would fire at different times, or Kubernetes not at all.
  ///
  /// Kubernetes reads with robfig/cron v3: Sunday is 0 alone, and a field with a step is a restriction, so that with the other field
  /// of days either is enough, where Vixie cron wants both.
  ///
  /// - Parameter text: An expression that Sonde understands.
  package static func check(_ text: String) throws(ManifestError) {
    let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard fields.count == 5 else { return }
    let (days, weekdays) = (fields[2], fields[4])
    for item in weekdays.split(separator: ",") {
      let ends = (item.split(separator: "/").first ?? item).split(separator: "-").map { $0.lowercased() }
      guard !ends.contains("7"), ends.count < 2 || !["0", "sun"].contains(ends[1]) || ends[0] == ends[1]
      else {
        throw ManifestError(
          "cron \(text.quoted), day of the week \(weekdays.quoted): Kubernetes' weeks begin with Sunday, 0, and have no 7; write Sunday "
            + "apart, such as “0,5-6”")
      }
    }
    let own = days.hasPrefix("*") || weekdays.hasPrefix("*")
    guard own == (isWhole(days) || isWhole(weekdays)) else {
      throw ManifestError(
        "cron \(text.quoted): with “\(days) … \(weekdays)” Kubernetes fires on days that either field names, and Sonde on those that both "
          + "name; leave one of them “*”")
    }
  }

  /// Whether robfig/cron takes `field` for no restriction: an item is `*`, or has the step 1.
  private static func isWhole(_ field: Substring) -> Bool {
    field.split(separator: ",").contains { $0 == "*" || $0 == "*/1" }
  }
}
