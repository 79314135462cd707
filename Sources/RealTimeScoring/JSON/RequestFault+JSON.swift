import HTTP

extension RequestFault {
  /// A body that is no JSON, or not the JSON that was expected.
  init(_ fault: JSONFault) { self.init(.badRequest, fault.description) }
}
