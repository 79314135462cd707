import StreamScoring
import Testing
import WindowStore

/// Answers as a service gives them, and damaged ones: no damage becomes a score.
@Suite struct StreamAnswerTests {
  private static let scores = [0.25, -1.5, 3]

  private func results(
    _ answer: InferenceAnswer, id: String = "7-1", count: Int
  ) throws -> [StreamScoreStore.Outcome.Result] {
    let (bytes, jsonLength) = answer.body
    return try StreamAnswer(bytes, jsonLength: jsonLength, id: id, count: count).results
  }

  private func refusal(_ damage: (inout InferenceAnswer) -> Void) -> String? {
    var answer = InferenceAnswer(id: "7-1", scores: Self.scores, versions: ["a", "b", "c"])
    damage(&answer)
    do {
      _ = try results(answer, count: Self.scores.count)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func scoresAreTheSameBits() throws {
    let predictions = hardDoubles.map { Int64($0 < 0 ? 1 : 0) }
    let versions = hardDoubles.indices.map { "version-\($0)" }
    let found = try results(
      InferenceAnswer(id: "7-1", scores: hardDoubles, predictions: predictions, versions: versions),
      count: hardDoubles.count)
    for (place, result) in found.enumerated() {
      guard case .scored(let score, let isAnomaly, let version) = result else {
        Issue.record("row \(place) has no score")
        continue
      }
      #expect(score.bitPattern == hardDoubles[place].bitPattern)
      #expect(isAnomaly == (predictions[place] == 1) && version == versions[place])
    }
    #expect(found.count == hardDoubles.count)
  }

  /// One version for all rows stands in the JSON; what a row says of its own goes before it.
  @Test func theVersionIsTheRowsOrTheAnswers() throws {
    var answer = InferenceAnswer(id: "7-1", scores: [1, 2])
    func versions() throws -> [String] {
      try results(answer, count: 2).map { result in
        if case .scored(_, _, let version) = result { version } else { "none" }
      }
    }
    #expect(try versions() == ["", ""])
    answer.modelVersion = "v3"
    #expect(try versions() == ["v3", "v3"])
    answer.outputs += InferenceAnswer(id: "", scores: [1, 2], versions: ["", "ü"]).outputs.suffix(1)
    #expect(try versions() == ["", "ü"])
    // What nobody knows is passed over, and so is the order.
    answer.outputs.insert(.init(name: "reason", datatype: "FP64", shape: [2], bytes: [1, 2, 3]), at: 1)
    answer.outputs.reverse()
    #expect(try versions() == ["", "ü"])
  }

  @Test func theUndamagedIsTaken() { #expect(refusal { _ in } == nil) }

  @Test func anAnswerToAnotherRequestIsRefused() {
    #expect(refusal { $0.id = "7-2" }?.contains("to the request “7-2”, not to “7-1”") == true)
    #expect(refusal { $0.id = "" }?.contains("not to “7-1”") == true)
  }

  @Test func rowsTooFewOrTooManyAreRefused() {
    for count in [0, 2, 4] {
      let other = InferenceAnswer(id: "7-1", scores: (0..<count).map(Double.init))
      let said = refusal { $0.outputs = other.outputs }
      #expect(said?.contains("is not of 3 rows") == true, "\(count): \(said ?? "taken")")
    }
    // The shape says three, and the bytes are of two or four.
    for place in 0..<3 {
      for damage in [-1, 1, -8, 8] {
        let said = refusal { answer in
          if damage < 0 {
            answer.outputs[place].bytes.removeLast(-damage)
          } else {
            answer.outputs[place].bytes += Array(repeating: 0, count: damage)
          }
        }
        #expect(said?.contains("3 rows") == true, "\(place) by \(damage): \(said ?? "taken")")
      }
      #expect(refusal { $0.outputs[place].shape = [3, 1] }?.contains("is not of 3 rows") == true)
      #expect(refusal { $0.outputs[place].shape = [] }?.contains("is not of 3 rows") == true)
    }
  }

  @Test func scoresThatAreNoneAreRefused() {
    for score in [Double.nan, .infinity, -.infinity, .signalingNaN] {
      let other = InferenceAnswer(id: "7-1", scores: [0, score, 1], predictions: [0, 0, 0])
      let said = refusal { $0.outputs[0] = other.outputs[0] }
      #expect(said?.contains("row 1 of the answer has the score") == true, "\(said ?? "taken")")
    }
    for prediction in [Int64(2), -1, .max, .min] {
      let other = InferenceAnswer(id: "7-1", scores: Self.scores, predictions: [0, 1, prediction])
      let said = refusal { $0.outputs[1] = other.outputs[1] }
      #expect(said?.contains("and the prediction \(prediction)") == true, "\(said ?? "taken")")
    }
    for place in 0..<2 {
      #expect(refusal { $0.outputs.remove(at: place) }?.contains("no scores or no predictions") == true)
      // Of another type it is another tensor.
      #expect(
        refusal { $0.outputs[place].datatype = "FP32" }?.contains("no scores or no predictions") == true)
    }
  }

  @Test func tensorsThatAreCutAreRefused() {
    for place in 0..<3 {
      // More than there is, or less than nothing.
      for size in [-1, 1 << 40, Int.max, Int.min] {
        #expect(refusal { $0.outputs[place].size = size } != nil, "\(place): \(size)")
      }
    }
    // Lengths of texts that lead beyond the end.
    #expect(refusal { $0.outputs[2].bytes[0] = 200 }?.contains("a tensor of texts") == true)
    #expect(refusal { $0.outputs[2].bytes[3] = 255 }?.contains("a tensor of texts") == true)
    let (bytes, jsonLength) = InferenceAnswer(id: "7-1", scores: Self.scores, versions: ["a", "b", "c"]).body
    for length in 0..<bytes.count {
      #expect(throws: StreamAnswerFault.self, "\(length) bytes") {
        _ = try StreamAnswer(
          Array(bytes[..<length]), jsonLength: min(jsonLength, length), id: "7-1", count: Self.scores.count)
      }
    }
  }

  @Test func whatIsNoJSONOfTheProtocolIsRefused() {
    let (bytes, jsonLength) = InferenceAnswer(id: "7-1", scores: Self.scores).body
    func refusal(_ bytes: [UInt8], _ length: Int?) -> String? {
      do {
        _ = try StreamAnswer(bytes, jsonLength: length, id: "7-1", count: Self.scores.count)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal(bytes, jsonLength) == nil)
    // Without binary tensors nothing says where the JSON ends.
    for length in [nil, 0, jsonLength - 1, jsonLength + 1, bytes.count + 1] {
      #expect(refusal(bytes, length)?.contains("is not JSON") == true, "\(length ?? -1)")
    }
    for text in ["", "well", "[]", "{}", #"{"id":7,"outputs":[]}"#, #"{"id":"7-1","outputs":{}}"#] {
      #expect(refusal(Array(text.utf8), text.utf8.count)?.contains("is not JSON") == true, "\(text)")
    }
    let plain = #"{"id":"7-1","outputs":[{"name":"score","datatype":"FP64","shape":[3],"data":[1,2,3]}]}"#
    #expect(refusal(Array(plain.utf8), plain.utf8.count)?.contains("is not of 3 rows") == true)
  }
}
