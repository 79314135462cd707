import BatchScoring
import HTTP
import Service
import Testing

/// The bodies that start jobs: those of Azure's documentation and clients, and those that are none.
@Suite struct JobRequestTests {
  private func read(_ text: String) throws -> JobRequest { try JobRequest(body: Array(text.utf8)) }

  private func fault(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// With a comma before a closing bracket, as Azure's pages have it.
  @Test func documentedBodiesAreRead() throws {
    let request = try read(
      """
      {"properties": {"InputData": {"mnistinput": {"JobInputType" : "UriFolder", "Uri": "quickstart"}},
        "OutputData": {"score": {"JobOutputType": "UriFile", "Uri": "azureml://datastores/d/paths/p"}},
        "MiniBatchSize": "5", "ErrorThreshold": 10, "RetrySettings": {"MaxRetries": 3, "Timeout": "PT1M30S"},
        "OutputFileName": "mine.csv", "LoggingLevel": "Warning",}}
      """)
    #expect(request.inputName == "mnistinput" && request.outputName == "score")
    #expect(request.input == .registered(name: "quickstart", version: nil))
    let deployment = try request.applied(to: Deployment(name: "blue"))
    #expect(deployment.name == "blue" && deployment.miniBatchSize == .devices(5))
    #expect(deployment.errorThreshold == 10 && deployment.maxRetries == 3)
    #expect(deployment.taskTimeoutSeconds == 90 && deployment.outputFileName == "mine.csv")
    #expect(deployment.loggingLevel == .warning)
  }

  /// As the Python client spells it, and the form of older pages.
  @Test func otherSpellingsAreTheSame() throws {
    let camel = try read(
      #"{"properties":{"inputData":{"a":{"jobInputType":"uri_folder","uri":"quickstart"}}}}"#.replacing(
        "uri_folder", with: "urifolder"))
    let dataset = try read(
      #"{"properties":{"dataset":{"dataInputType":"DatasetVersion","datasetName":"quickstart","datasetVersion":"2"}}}"#
    )
    let url = try read(#"{"properties":{"dataset":{"dataInputType":"DataUrl","Path":"/runs/a"}}}"#)
    #expect(camel.input == .registered(name: "quickstart", version: nil))
    #expect(dataset.input == .registered(name: "quickstart", version: "2"))
    #expect(url.input == .absolute(["runs", "a"]))
  }

  @Test func timesAreLiteralInputs() throws {
    let request = try read(
      """
      {"properties":{"inputData":{"run":{"jobInputType":"UriFolder","uri":"a"},
        "after":{"jobInputType":"Literal","value":"2026-01-01T12:00:00Z"},
        "Through":{"jobInputType":"Literal","value":"2026-01-01T18:00:00Z"}}}}
      """)
    #expect(request.after?.description == "2026-01-01T12:00:00.000Z")
    #expect(request.through?.description == "2026-01-01T18:00:00.000Z")
  }

  @Test func whatIsWrongIsNamed() {
    let input = #""inputData":{"a":{"jobInputType":"UriFolder","uri":"x"}}"#
    for (body, words) in [
      ("", "not valid JSON"), ("[]", "expected an object"), ("{}", "lacks “properties”"),
      (#"{"properties":{}}"#, "lacks “inputData”"), (#"{"properties":{"inputData":{}}}"#, "no input"),
      (#"{"properties":{"inputData":{"a":{"uri":5}}}}"#, "properties.inputData.a.uri: expected text"),
      (#"{"properties":{"inputData":{"a":{"jobInputType":"MLTable","uri":"x"}}}}"#, "UriFolder"),
      (#"{"properties":{"inputData":{"a":{"uri":"x"},"b":{"uri":"y"}}}}"#, "one input"),
      (#"{"properties":{"inputData":{"a":{"uri":"x","Uri":"y"}}}}"#, "the same key"),
      (#"{"properties":{"inputData":{"a":{"jobInputType":"Literal","value":"noon"}}}}"#, "a time such as"),
      (#"{"properties":{\#(input),"miniBatchSise":5}}"#, "did you mean “miniBatchSize”"),
      (#"{"properties":{\#(input),"miniBatchSize":0}}"#, "properties.miniBatchSize"),
      (#"{"properties":{\#(input),"miniBatchSize":[1]}}"#, "properties.miniBatchSize"),
      (#"{"properties":{\#(input),"errorThreshold":1.5}}"#, "whole number"),
      (#"{"properties":{\#(input),"outputFileName":"../x"}}"#, "properties.outputFileName"),
      (#"{"properties":{\#(input),"outputFileName":"a/b"}}"#, "properties.outputFileName"),
      (#"{"properties":{\#(input),"loggingLevel":"loud"}}"#, "properties.loggingLevel"),
      (#"{"properties":{\#(input),"retrySettings":{"timeout":"PT0S"}}}"#, "PT30S"),
      (#"{"properties":{\#(input),"retrySettings":{"timeout":"P2D"}}}"#, "PT30S"),
      (#"{"properties":{\#(input),"retrySettings":{"maxRetries":1000000}}}"#, "100 are the most"),
      (#"{"properties":{\#(input),"compute":{"instanceCount":0}}}"#, "at least 1"),
      (#"{"properties":{\#(input),"tags":{"a":1}}}"#, "properties.tags.a"),
      (#"{"properties":{\#(input),"description":{}}}"#, "properties.description: expected text"),
      (#"{"properties":{\#(input),"dataset":{"dataInputType":"DataUrl","path":"x"}}}"#, "exclude"),
    ] {
      let found = fault(body)
      #expect(found?.contains(words) == true, "\(body): \(found ?? "is read")")
    }
  }

  /// The order of keys and white space make no other request, and everything else does.
  @Test func theDigestTellsRequestsApart() {
    func digest(_ text: String, _ deployment: String? = nil) -> String {
      JobRequest.digest(of: Array(text.utf8), deployment: deployment)
    }
    let first = digest(#"{"a":1,"b":[1,2]}"#)
    #expect(first == digest(#"{ "b" : [1, 2], "a": 1.0 }"#))
    #expect(first != digest(#"{"a":1,"b":[2,1]}"#))
    #expect(first != digest(#"{"A":1,"b":[1,2]}"#))
    #expect(first != digest(#"{"a":1,"b":[1,2]}"#, "blue"))
    #expect(digest("no JSON") != digest("no  JSON"))
  }
}
