import Modelling
import OneClassSVM
import Testing

/// The detector that knows a mean and a standard deviation a feature.
@Suite struct ThreeSigmaDetectorTests {
  /// Means 10, 5 and 0. Standard deviations 2, and of what never varies a hundredth of 5, and 1.
  private static let detector = ThreeSigmaDetector(
    trainedOn: FeatureMatrix(rows: [[8, 5, 0], [12, 5, 0], [8, 5, 0], [12, 5, 0]]))

  private static let scores: [([Double], Double)] = [
    ([10, 5, 0], 3), ([12, 5, 0], 2), ([4, 5, 0], 0), ([10, 5, -4], -1), ([16, 5, 2], 0), ([10, 5.5, 0], -7),
    ([14, 5.05, -1], 1),
  ]

  @Test(arguments: scores) func theScoreIsThreeLessTheLargestDeviation(row: [Double], expected: Double) {
    #expect(abs(Self.detector.score(row[...]) - expected) < 1e-9)
  }

  @Test func theSmallestStepBeyondThreeIsFlagged() {
    #expect(!ThreeSigmaDetector.isFlagged(Self.detector.score([16, 5, 0])))
    #expect(ThreeSigmaDetector.isFlagged(Self.detector.score([Double(16).nextUp, 5, 0])))
    #expect(!ThreeSigmaDetector.isFlagged(Self.detector.score([4, 5, 3])))
    #expect(ThreeSigmaDetector.isFlagged(Self.detector.score([4, 5, Double(-3).nextDown])))
  }

  /// A score is a number whatever the features are: it goes on to −∞ where a deviation is beyond the largest double.
  @Test func farAwayIsFarAway() {
    let tiny = ThreeSigmaDetector(trainedOn: FeatureMatrix(rows: [[0], [1e-300]]))
    #expect(tiny.score([1e300]) == -.infinity)
    let wide = ThreeSigmaDetector(trainedOn: FeatureMatrix(rows: [[-1.7e308], [1.7e308]]))
    #expect(!wide.score([1.7e308]).isNaN)
  }

  /// The model of a training and its rows tell the same of a feature.
  @Test func rowsAndModelTellTheSame() throws {
    let rows = FeatureMatrix(rows: (0..<50).map { [Double($0 % 7), 4, Double($0 * $0)] })
    let model = try OneClassModel.train(rows: rows).model
    let (ofModel, ofRows) = (TrainedFeatures(of: model), TrainedFeatures(of: rows))
    #expect(ofModel.mean == ofRows.mean && ofModel.scale == ofRows.scale)
    #expect(ofRows.scale[1] == 0.04)
  }
}
