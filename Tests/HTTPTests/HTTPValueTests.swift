import HTTP
import Testing

/// Requests, headers and routes as values: no socket.
@Suite struct HTTPValueTests {
  @Test func namesOfHeadersHaveNoCase() {
    var headers: HTTPHeaders = ["Content-Type": "a/b", "X-É": "1"]
    headers.add("content-type", "c/d")
    #expect(headers["CONTENT-TYPE"] == "a/b")
    #expect(headers["Content-Typ"] == nil)
    // Letters that are no ASCII have no place in a name, and are not folded.
    #expect(headers["x-é"] == nil)
    // [ and { are apart by the same bit as A and a.
    #expect(HTTPHeaders(dictionaryLiteral: ("a[", "1"))["a{"] == nil)
  }

  @Test func methodsAreTakenAsTheyStand() {
    for text in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"] {
      #expect(HTTPMethod(text).description == text)
    }
    #expect(HTTPMethod("get") == .other("get"))
  }

  private static let table = RouteTable([
    .init(.get, "/v2/models/{model}"), .init(.post, "/v2/models/{model}/infer"), .init(.get, "/"),
    .init(.get, "/v2/models/{model}/versions/{version}"), .init(.post, "/score"), .init(.get, "/score"),
  ])

  @Test(arguments: [
    (HTTPMethod.get, "/", RouteTable.Match.found(2, [])), (.get, "/v2/models/a", .found(0, ["a"])),
    (.post, "/v2/models/pump-001/infer", .found(1, ["pump-001"])),
    (.get, "/v2/models/a/versions/1", .found(3, ["a", "1"])), (.head, "/v2/models/a", .found(0, ["a"])),
    (.head, "/score", .found(5, [])), (.head, "/v2/models/a/infer", .methodNotAllowed([.post])),
    (.put, "/score", .methodNotAllowed([.post, .get])), (.get, "/v2/models/", .notFound),
    (.get, "/v2/models/a/", .notFound), (.get, "/v2/models", .notFound), (.get, "", .notFound),
    (.get, "//", .notFound), (.get, "/V2/models/a", .notFound),
    (.other("PATCH"), "/", .methodNotAllowed([.get])),
  ])
  func routesAreFoundByPathThenMethod(method: HTTPMethod, path: String, match: RouteTable.Match) {
    #expect(Self.table.match(method, path) == match)
  }

  @Test(
    arguments: [
      ([], nil), ([("Content-Length", "1000")], nil),
      ([("Content-Length", "1001")], HTTPLimit.bodyBytes(1_000)), ([("Transfer-Encoding", "Chunked")], nil),
      ([("Content-Encoding", "IDENTITY")], nil), ([("Content-Encoding", "br")], .contentEncoding("br")),
      ([("Content-Length", "1"), ("content-length", "1")], nil),
      (
        [("Content-Length", "1"), ("content-length", "2")],
        .malformed("two headers Content-Length say different lengths")
      ),
      (
        [("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
        .malformed("a body has either Content-Length or Transfer-Encoding, not both")
      ),
      (
        [("Transfer-Encoding", "gzip")],
        .malformed("the only transfer encoding that is understood is chunked, once")
      ), ([("Content-Length", "1e3")], .malformed("Content-Length is no length")),
      ([("Content-Length", "99999999999999999999")], .malformed("Content-Length is no length")),
    ] as [([(String, String)], HTTPLimit?)])
  func theHeadSaysWhatBreaksALimit(fields: [(String, String)], limit: HTTPLimit?) {
    var headers = HTTPHeaders()
    for (name, value) in fields { headers.add(name, value) }
    #expect(HTTPRequest(.post, "/", headers: headers).brokenLimit(bodyBytes: 1_000) == limit)
  }

  @Test func eachLimitHasItsStatus() {
    #expect(HTTPLimit.bodyBytes(1).status == .contentTooLarge)
    #expect(HTTPLimit.bodyBytesTogether.status == .serviceUnavailable)
    #expect(HTTPLimit.contentEncoding("x").status == .unsupportedMediaType)
    #expect(HTTPLimit.malformed("x").status == .badRequest)
  }
}
