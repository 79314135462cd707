/// Negative values of options. The argument parser takes `-1` in `--seed -1` for an option that there is not, and says so;
/// with `--seed=-1` it says what is wrong with the value.
enum NegativeValues {
  /// `arguments` with each option joined to the negative number behind it. No option of ours begins with a digit.
  static func joined(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    var isAfterEnd = false
    for argument in arguments {
      let second = argument.dropFirst().first
      let isNegative =
        argument.first == "-" && second.map { $0.isASCII && ($0.isNumber || $0 == ".") } ?? false
      if !isAfterEnd, isNegative, let last = joined.last, last.hasPrefix("--"), last.count > 2,
        !last.contains("=")
      {
        joined[joined.count - 1] = "\(last)=\(argument)"
      } else {
        joined.append(argument)
      }
      isAfterEnd = isAfterEnd || argument == "--"
    }
    return joined
  }
}
