import CMosquitto

/// What the library calls. Formed here, outside any actor, because it calls them from C.
extension MQTTConnection {
  private static func connection(_ context: UnsafeMutableRawPointer?) -> MQTTConnection? {
    context.map { Unmanaged<MQTTConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  static let connectCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void = {
      _, context, code, flags, _ in
      guard let connection = connection(context) else { return }
      // MQTT 3.1.1 has codes of its own.
      let refusal =
        connection.version == .five
        ? reasonText(code) : String(cString: mosquitto_connack_string(code))
      connection.connectAnswer =
        code == 0 ? .accepted(sessionPresent: flags & 1 == 1) : .refused(reason: refusal)
    }

  static let disconnectCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, OpaquePointer?) -> Void = {
      _, context, code, _ in
      // From 128 on it is what the broker has sent, and below that what the library has found.
      let reason = code >= 128 ? reasonText(code) : MQTTError.reason(code)
      connection(context)?.disconnection = code == 0 ? "it was closed" : reason
    }

  static let messageCallback:
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<mosquitto_message>?, OpaquePointer?
    ) -> Void = { _, context, message, properties in
      guard let message, let connection = connection(context) else { return }
      connection.messageCount += 1
      connection.onMessage?(message, properties)
    }

  static let publishCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void = {
      _, context, packetID, _, _ in
      connection(context)?.onPublished?(packetID)
    }

  static let subscribeCallback:
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, UnsafePointer<Int32>?, OpaquePointer?
    ) -> Void = { _, context, _, count, granted, _ in
      guard let granted, count > 0, granted[0] > 2 else { return }
      connection(context)?.subscriptionFailure = reasonText(granted[0])
    }

  private static func reasonText(_ code: Int32) -> String { String(cString: mosquitto_reason_string(code)) }
}
