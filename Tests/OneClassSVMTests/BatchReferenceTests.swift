import Files
import OneClassSVM
import Testing

@Suite("The reference solution's models", RealData.condition)
struct BatchReferenceTests {
  @Test("Every expected prediction is met, on every CPU path", arguments: CPUPath.available)
  func predictions(path: CPUPath) throws {
    let folder = RealData.batchReference + "/models"
    var models: [String: OneClassModel] = [:]
    for stem in try ModelFile.stems(in: folder) {
      models[stem] = try ModelFile.read(folder: folder, stem: stem)
    }
    #expect(models.count == 10)

    var rows = 0
    var nearBoundary = 0
    var worst = 0.0
    for device in ["1", "2"] {
      var reader = try CSVReader(path: RealData.batchReference + "/expected_device_\(device).csv")
      while let row = try reader.nextRow() {
        let model = try #require(models[ModelFile.stem(device: device, sensor: row.fields[2])])
        let value = try #require(Double(row.fields[3]))
        let expected = try #require(Double(row.fields[4]))
        let decision = try model.decisionValues(of: FeatureMatrix(values: [value], columns: 1), on: path)[0]
        worst = max(worst, abs(decision - expected) / model.coefficientSum)
        #expect(
          OneClassModel.isAnomaly(decision) == (row.fields[5] == "1"), "device \(device), line \(row.line)")
        rows += 1
        if abs(expected) < 1e-10 { nearBoundary += 1 }
      }
    }
    #expect(rows > 10_000)
    #expect(nearBoundary >= 4)
    #expect(worst <= 1e-12, "relative to the sum of coefficients: \(worst)")
  }

  @Test("The scaler and the origin come from the JSON beside the model")
  func card() throws {
    let model = try ModelFile.read(folder: RealData.batchReference + "/models", stem: "device_1_sensor_1")
    #expect(model.kernel == .rbf(gamma: 0.01))
    #expect(model.supportVectors.rowCount == 2)
    #expect(model.scaler?.mean == [12.377965440356743])
    #expect(model.metadata.device == "1")
    #expect(model.metadata.sensor == "1")
    #expect(model.metadata.nu == 0.0001)
    #expect(model.metadata.trainedRows == 299)
    #expect(model.metadata.source == "scikit-learn 0.19.2")
    #expect(model.featureNames == ["value"])
  }
}
