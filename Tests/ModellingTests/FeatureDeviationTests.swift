import Modelling
import OneClassSVM
import Testing

/// How far features lie from their training, by models whose training is known.
@Suite struct FeatureDeviationTests {
  private static func model(
    mean: [Double], scale: [Double], constant: [String] = [], hasScaler: Bool = true
  ) throws -> OneClassModel {
    let names = ["mean", "stddev", "max"]
    return try OneClassModel(
      kernel: .rbf(gamma: 0.5), supportVectors: FeatureMatrix(rows: [[1, 2, 3], [3, 2, 7]]),
      coefficients: [0.5, 0.5], rho: 0.2, scaler: hasScaler ? Scaler(mean: mean, scale: scale) : nil,
      featureNames: names, metadata: ModelMetadata(constantFeatures: constant))
  }

  @Test func deviationsCountInStandardDeviationsOfTheTraining() throws {
    let features = TrainedFeatures(of: try Self.model(mean: [50, 1, 60], scale: [2, 0.5, 4]))
    let deviations = features.deviations(of: [56, 1, 52])
    #expect(deviations.map(\.deviations) == [3, 0, -2])
    #expect(deviations.map(\.usual) == [(44)...(56), (-0.5)...(2.5), (48)...(72)])
    #expect(deviations.map(\.isUsual) == [true, true, true])
    // The smallest step beyond the range is unusual.
    #expect(features.deviations(of: [Double(56).nextUp, 1, 52]).map(\.isUsual) == [false, true, true])
    #expect(abs(deviations.rootMeanSquare - (13.0 / 3).squareRoot()) < 1e-12)
    #expect([FeatureDeviation]().rootMeanSquare == 0)
  }

  @Test func theStrengthGoesOnGrowing() throws {
    let features = TrainedFeatures(of: try Self.model(mean: [50, 1, 60], scale: [2, 0.5, 4]))
    let strengths = [60.0, 80, 1e6, 1e200].map { features.deviations(of: [$0, 1, 60]).rootMeanSquare }
    #expect(zip(strengths, strengths.dropFirst()).allSatisfy { $0 < $1 && $1.isFinite })
  }

  @Test func aFeatureThatNeverVariedHasAHundredthOfItsValue() throws {
    let model = try Self.model(mean: [50, 0, 60], scale: [1, 1, 4], constant: ["mean", "stddev"])
    #expect(TrainedFeatures(of: model).deviations(of: [51, 2, 64]).map(\.deviations) == [2, 2, 1])
  }

  @Test func withoutAScalerTheSupportVectorsCount() throws {
    let model = try Self.model(mean: [], scale: [], hasScaler: false)
    // Means 2, 2 and 5; standard deviations 1, none and 2.
    #expect(TrainedFeatures(of: model).deviations(of: [4, 3, 5]).map(\.deviations) == [2, 1, 0])
  }

  @Test func aScaleOfZeroSaysNothing() throws {
    let features = TrainedFeatures(of: try Self.model(mean: [50, 1, 60], scale: [0, 0.5, 1e-320]))
    #expect(features.deviations(of: [51, 1, 1e300]).map(\.feature) == [1])
  }
}
