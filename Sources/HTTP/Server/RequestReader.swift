import CMicroHTTPD
import Foundation

/// Makes a request of what the library has read of its head.
enum RequestReader {
  static func request(
    _ handle: OpaquePointer, url: UnsafePointer<CChar>, method: UnsafePointer<CChar>, isEncrypted: Bool,
    client: String
  ) -> HTTPRequest {
    var headers = HTTPHeaders()
    headers.reserve(usualHeaders)
    withUnsafeMutablePointer(to: &headers) { mhd_headers(handle, addField, $0) }
    var arguments = HTTPHeaders()
    withUnsafeMutablePointer(to: &arguments) { mhd_arguments(handle, addField, $0) }
    return HTTPRequest(
      self.method(method), String(cString: url), arguments: arguments.fields, headers: headers,
      isEncrypted: isEncrypted, client: client)
  }

  /// The two that make up nearly all requests are told by their bytes, without making text of them.
  private static func method(_ text: UnsafePointer<CChar>) -> HTTPMethod {
    if strcmp(text, "POST") == 0 { return .post }
    if strcmp(text, "GET") == 0 { return .get }
    return HTTPMethod(String(cString: text))
  }

  /// What clients send, mostly: room for more is made where it is needed.
  private static let usualHeaders = 10
}

/// Adds a header or an argument to `fields`, an ``HTTPHeaders``. The library calls it as a C function, which a method cannot be.
private func addField(
  _ fields: UnsafeMutableRawPointer?, _ kind: UInt32, _ name: UnsafePointer<CChar>?, _ nameCount: Int,
  _ value: UnsafePointer<CChar>?, _ valueCount: Int
) -> UInt32 {
  func text(_ bytes: UnsafePointer<CChar>, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
  guard let fields, let name else { return 1 }
  fields.assumingMemoryBound(to: HTTPHeaders.self).pointee
    .add(text(name, nameCount), value.map { text($0, valueCount) } ?? "")
  return 1
}
