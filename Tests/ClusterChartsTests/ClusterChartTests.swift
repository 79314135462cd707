import ClusterCharts
import Testing

@Suite struct ClusterChartTests {
  @Test func everyPictureHasAName() { #expect(!ClusterChart.allCases.isEmpty) }
}
