import Foundation

/// The colours of marks: the same on white and on dark paper, with a contrast of 3 or more to both. Each is used together with a
/// shape, a dash or a hatch of its own, so that nothing is said by colour alone.
///
/// The first four are from Okabe and Ito, "Color Universal Design", 2008; their orange, sky blue and yellow are too pale on white.
package enum ChartColor: String, CaseIterable, Hashable, Sendable {
  case blue = "#0072B2"
  case vermillion = "#D55E00"
  case green = "#009E73"
  case purple = "#CC79A7"
  case grey = "#6e7781"
}

/// How well one colour is seen on another, as the Web Content Accessibility Guidelines 2.2 define it.
package enum Contrast {
  /// From 1, equal colours, to 21, black on white. Both are written as `#rrggbb`; nil for anything else.
  package static func ratio(_ first: String, _ second: String) -> Double? {
    guard let first = luminance(first), let second = luminance(second) else { return nil }
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)
  }

  /// The relative luminance, from 0 to 1.
  private static func luminance(_ color: String) -> Double? {
    guard color.hasPrefix("#"), color.utf8.count == 7, let bits = UInt32(color.dropFirst(), radix: 16) else {
      return nil
    }
    func linear(_ shift: UInt32) -> Double {
      let part = Double(bits >> shift & 0xFF) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
  }
}

/// The colours of cells, from the least to the greatest value. The value is also written into the cell.
package enum HeatRamp {
  /// From pale to dark, as seven steps, after "Blues" of ColorBrewer.
  package static let colors = ["#eff3ff", "#d2e3f3", "#aacfe5", "#75b3d8", "#4292c6", "#1f6cb1", "#08458a"]

  /// The colour of the place `share`, from 0 to 1.
  package static func color(_ share: Double) -> String {
    let step = (min(max(share, 0), 1) * Double(colors.count)).rounded(.down)
    return colors[min(Int(step), colors.count - 1)]
  }

  /// Black or white: what is read better on `color`.
  package static func text(on color: String) -> String {
    (Contrast.ratio(color, "#000000") ?? 0) >= (Contrast.ratio(color, "#ffffff") ?? 0) ? "#000000" : "#ffffff"
  }
}
