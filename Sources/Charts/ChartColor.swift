/// The colours of charts, which also tell lines apart for people who see colours differently. Each comes with a shape or a dash of
/// its own, so that nothing is said by colour alone.
package enum ChartColor: String, CaseIterable, Sendable {
  case blue = "#0072B2"
  case vermillion = "#D55E00"
  case green = "#009E73"
  case purple = "#CC79A7"
  case grey = "#6e7781"
}
