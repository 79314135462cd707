import HTTPLoad
import Testing

/// Whether an answer is the one to its request.
@Suite struct AnswerCheckTests {
  private func outcome(
    _ check: AnswerCheck, _ body: String, status: String = "200 OK", headers: String = "", id: String = "a-1"
  ) throws -> RequestOutcome {
    var parser = ResponseParser()
    let bytes = Array(
      "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    _ = try bytes.withUnsafeBytes { try parser.take($0) }
    #expect(parser.isComplete)
    return check.outcome(of: parser.answer, body: parser.body, id: Array(id.utf8))
  }

  @Test func anInferenceHasItsID() throws {
    #expect(try outcome(.inference, #"{"id":"a-1","outputs":[]}"#) == .right)
    #expect(try outcome(.inference, #" { "outputs" : [ {"id":"b"} ] , "id" : "a\u002d1" } "#) == .right)
    #expect(try outcome(.inference, #"{"id":"a-2","outputs":[]}"#) == .failed(.wrongID))
    #expect(try outcome(.inference, #"{"outputs":[{"id":"a-1"}]}"#) == .failed(.wrongID))
    #expect(try outcome(.inference, #"{"id":1,"outputs":[]}"#) == .failed(.wrongID))
    #expect(try outcome(.inference, #"{"id":"a-1"}"#) == .failed(.unreadable))
    #expect(try outcome(.inference, #"{"id":"a-1","outputs":{}}"#) == .failed(.unreadable))
    #expect(try outcome(.inference, "") == .failed(.unreadable))
    #expect(try outcome(.inference, "hello") == .failed(.unreadable))
  }

  @Test func binaryTensorsBehindTheJSONAreNoPartOfIt() throws {
    let json = #"{"id":"a-1","outputs":[{}]}"#
    let header = "Inference-Header-Content-Length: \(json.utf8.count)\r\n"
    #expect(try outcome(.inference, json + "\u{1}\u{2}", headers: header) == .right)
    #expect(try outcome(.inference, json + "\u{1}\u{2}") == .failed(.unreadable))
    #expect(
      try outcome(.inference, json, headers: "Inference-Header-Content-Length: 9999\r\n")
        == .failed(.unreadable))
  }

  @Test func elsewhereTheHeaderHasIt() throws {
    #expect(try outcome(.json, "[0.5]") == .right)
    #expect(try outcome(.json, "[0.5]", headers: "x-request-id: a-1\r\n") == .right)
    #expect(try outcome(.json, "[0.5]", headers: "x-request-id: a-2\r\n") == .failed(.wrongID))
    #expect(try outcome(.json, "[0.5") == .failed(.unreadable))
    #expect(try outcome(.header, "anything") == .right)
    #expect(try outcome(.header, "anything", headers: "x-request-id: b\r\n") == .failed(.wrongID))
    // Somebody on the way may give requests ids of his own; the body has the last word.
    #expect(
      try outcome(.inference, #"{"id":"a-1","outputs":[]}"#, headers: "x-request-id: b\r\n") == .right)
  }

  @Test func statusesAreTold() throws {
    #expect(try outcome(.inference, "{}", status: "503 Service Unavailable") == .rejected(503))
    #expect(try outcome(.json, "{}", status: "429 Too Many Requests") == .rejected(429))
    #expect(try outcome(.json, "{}", status: "400 Bad Request") == .failed(.status(400)))
    #expect(try outcome(.header, "{}", status: "302 Found") == .failed(.status(302)))
    #expect(try outcome(.header, "{}", status: "500 Oh") == .failed(.status(500)))
  }

  private func isJSON(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBytes { AnswerText($0) != nil }
  }

  @Test func jsonIsReadStrictly() {
    for text in [
      "{}", "[]", "0", "-0.5e-10", "1E5", "true", "false", "null", #""""#, #"{"a":[1,{"b":null}],"c":""}"#,
      " [ 1 , 2 ] \n", #"["\"\\\u00e9"]"#, "[[[[]]]]", "1.25", "10",
    ] { #expect(isJSON(text), "\(text)") }
    for text in [
      "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "[1 2]", "01", "1.", ".5", "-", "1e", "+1",
      "NaN", "Infinity", "nul", "truex", "[1]]", "{} {}", "\"", "\"\n\"", #""\x""#, "[}", "{]", ",", "[,1]",
      #"{"a":1 "b":2}"#, "'a'",
    ] { #expect(!isJSON(text), "\(text)") }
    #expect(isJSON(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)))
    #expect(!isJSON(String(repeating: "[", count: 1_000_000)))
  }
}
