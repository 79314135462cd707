import CMicroHTTPD

/// The functions that the library calls, by their C types; `context` is a ``ServerCore``, and the slot of a request an
/// ``HTTPConnection``. Neither is retained for it: the server outlives its library's thread, and the table of connections keeps each until the
/// library has closed it.
enum ServerCallbacks {
  static func start(_ settings: inout mhd_settings, _ core: ServerCore) -> OpaquePointer? {
    settings.context = Unmanaged.passUnretained(core).toOpaque()
    settings.answer = { context, handle, url, method, _, data, count, slot in
      guard let context, let handle, let url, let method, let count, let slot else { return 0 }
      let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
      guard let known = slot.pointee else {
        guard let connection = core.begin(handle, url: url, method: method) else { return 0 }
        slot.pointee = Unmanaged.passUnretained(connection).toOpaque()
        return 1
      }
      let connection = Unmanaged<HTTPConnection>.fromOpaque(known).takeUnretainedValue()
      guard let data else { return core.finish(connection) ? 1 : 0 }
      let goesOn = core.receive(UnsafeRawBufferPointer(start: data, count: count.pointee), connection)
      count.pointee = 0
      return goesOn ? 1 : 0
    }
    settings.completed = { context, _, slot, _ in
      guard let context, let known = slot?.pointee else { return }
      slot?.pointee = nil
      Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
        .completed(Unmanaged<HTTPConnection>.fromOpaque(known).takeUnretainedValue())
    }
    settings.changed = { context, handle, slot, isClosed in
      guard let context, let handle, let slot else { return }
      let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
      if isClosed == 0 { core.opened(handle, slot) } else { core.closed(handle, slot) }
    }
    return mhd_start(&settings)
  }
}
