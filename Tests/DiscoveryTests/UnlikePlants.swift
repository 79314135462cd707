import Telemetry

/// Plants whose topics differ in one level and whose payloads are not alike.
extension Plants {
  private static func seconds(_ round: Int) -> Int64 { time(round).milliseconds / 1000 }

  /// Two readings as a list of records.
  private static func list(_ round: Int) -> String {
    #"[{"name":"v","val":\#(round),"t":\#(seconds(round))},{"name":"w","val":\#(round).5,"t":\#(seconds(round))}]"#
  }

  private static func pack(_ round: Int, _ device: Int) -> String {
    #"[{"bn":"x\#(device)-","n":"v","v":\#(round),"t":\#(seconds(round))}]"#
  }

  /// The same devices below the names of what is sent: no two of these are read by one entry.
  static func kinds() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...2 {
        let device = "dev-\(number)"
        func send(_ kind: String, _ payload: String) {
          plant.send("plant/\(kind)/\(device)", payload, at: time(round))
        }
        send("weather", #"{"t":\#(seconds(round)),"temp":\#(20 + round)}"#)
        plant.expect(device, "temp", time(round), Double(20 + round))
        send("power", #"{"ts":\#(time(round).milliseconds),"kw":\#(round).5}"#)
        plant.expect(device, "kw", time(round), Double(round) + 0.5)
        send("counts", list(round))
        plant.expect(device, "v", time(round), Double(round))
        plant.expect(device, "w", time(round), Double(round) + 0.5)
        send("level", "\(round).25")
        plant.expect(device, "level", time(round), Double(round) + 0.25)
        send("lines", "m,host=h\(number) u=\(round),w=\(round)i \(time(round).milliseconds)000000")
        plant.expect(device, "lines.u", time(round), Double(round))
        plant.expect(device, "lines.w", time(round), Double(round))
        send("pack", pack(round, number))
        send("csv", "\(seconds(round));\(round);5")
        plant.send("plant/frames/\(device)", [0xFF, UInt8(round)], at: time(round))
      }
    }
    return plant
  }

  /// Several names of each shape, alike among themselves: each lot varies in the same two levels as the others.
  static func crowded() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...3 {
        let device = "dev-\(number)"
        for area in ["north", "south", "west"] {
          plant.send("\(area)/\(device)", #"{"t":\#(seconds(round)),"temp":\#(round)}"#, at: time(round))
          plant.expect("\(area)_x2F\(device)", "temp", time(round), Double(round))
        }
        for kind in ["batch", "queue"] {
          plant.send("\(kind)/\(device)", list(round), at: time(round))
          plant.expect(device, kind == "batch" ? "v" : "queue.v", time(round), Double(round))
          plant.expect(device, kind == "batch" ? "w" : "queue.w", time(round), Double(round) + 0.5)
        }
        for kind in ["csv", "table"] {
          plant.send("\(kind)/\(device)", "\(seconds(round));\(round)", at: time(round))
        }
        for kind in ["pack", "senml"] {
          plant.send("\(kind)/\(device)", pack(round, number), at: time(round))
        }
      }
    }
    return plant
  }

  /// Devices side by side on one level, some of which send lists, and one a number.
  static func neighbours() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...3 {
        plant.send("hall/dev-\(number)", #"{"t":\#(seconds(round)),"temp":\#(round)}"#, at: time(round))
        plant.expect("dev-\(number)", "temp", time(round), Double(round))
      }
      for device in ["arr-1", "arr-2", "tank"] {
        plant.send("hall/\(device)", list(round), at: time(round))
        plant.expect(device, "v", time(round), Double(round))
        plant.expect(device, "w", time(round), Double(round) + 0.5)
      }
      // Of the same stem as those that send objects.
      plant.send("hall/dev-4", list(round), at: time(round))
      plant.expect("dev-4", "v", time(round), Double(round))
      plant.expect("dev-4", "w", time(round), Double(round) + 0.5)
    }
    return plant
  }

  /// Lists of records with gaps in them.
  static func gaps() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      let records = (1...2).map { #"{"id":"node-\#($0)","t":\#(seconds(round)),"val":\#(round)}"# }
      plant.send(
        "gate/list", #"{"gw":"g","list":[null,\#(records.joined(separator: ",")),null]}"#, at: time(round))
      plant.send("yard/queue", "[\(records.joined(separator: ",null,"))]", at: time(round))
      for number in 1...2 {
        plant.expect("node-\(number)", "val", time(round), Double(round))
        plant.expect("node-\(number)", "queue.val", time(round), Double(round))
      }
    }
    return plant
  }
}
