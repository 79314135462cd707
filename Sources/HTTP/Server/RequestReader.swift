import CMicroHTTPD

/// Makes a request of what the library has read of its head.
enum RequestReader {
  static func request(
    _ handle: OpaquePointer, url: UnsafePointer<CChar>, method: UnsafePointer<CChar>, isEncrypted: Bool,
    client: String
  ) -> HTTPRequest {
    var headers = HTTPHeaders()
    headers.reserve(usualHeaders)
    mhd_headers(handle, addField, &headers)
    var arguments = HTTPHeaders()
    mhd_arguments(handle, addField, &arguments)
    return HTTPRequest(
      HTTPMethod(String(cString: method)), String(cString: url), arguments: arguments.fields, headers: headers,
      isEncrypted: isEncrypted, client: client)
  }

  /// What clients send, mostly: room for more is made where it is needed.
  private static let usualHeaders = 10

  private static let addField: mhd_field = { fields, _, name, nameCount, value, valueCount in
    guard let fields, let name else { return 1 }
    fields.assumingMemoryBound(to: HTTPHeaders.self).pointee
      .add(text(name, nameCount), value.map { text($0, valueCount) } ?? "")
    return 1
  }

  private static func text(_ bytes: UnsafePointer<CChar>, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}
