import Foundation

/// A share in per cent: whole from 10% on, else with two significant digits. Any double can be told.
func percent(_ share: Double) -> String {
  let value = share * 100
  if value == 0 || !value.isFinite || abs(value) >= 9.95 { return String(format: "%.0f%%", value) }
  let digits = min(8, max(0, 1 - Int(log10(abs(value)).rounded(.down))))
  return String(format: "%.\(digits)f%%", value)
}

/// A number with at most four significant digits.
func short(_ number: Double) -> String { String(format: "%.4g", number) }
