import Telemetry

/// Plants of the kinds that are out there: thirty rounds of what their devices send.
enum Plants {
  static let rounds = 30

  static func time(_ round: Int) -> Timestamp { Plant.start + .seconds(round * 2) }

  /// `2026-03-02T08:15:30`, of a clock that is so much ahead of UTC.
  private static func local(_ time: Timestamp, ahead: Duration) -> String {
    String((time + ahead).description.prefix(19))
  }

  /// Local time without a zone; ids and units beside values; a state as a word; a will.
  static func tasmota() -> Plant {
    var plant = Plant()
    for device in 1...5 { plant.send("tele/plug-0\(device)/LWT", "Online", at: time(0), isRetained: true) }
    for device in 1...5 { plant.expect("plug-0\(device)", "LWT", time(0), 1) }
    for round in 0..<rounds {
      for number in 1...5 {
        let device = "plug-0\(number)"
        let clock = local(time(round), ahead: .seconds(3600))
        let temperature = 20 + Double(round) / 10
        plant.send(
          "tele/\(device)/SENSOR",
          #"{"Time":"\#(clock)","ENERGY":{"Power":\#(round * number),"Voltage":230},"DS18B20":{"Id":"0C3A\#(number)","#
            + #""Temperature":\#(temperature)},"TempUnit":"C"}"#, at: time(round))
        plant.expect(device, "ENERGY.Power", time(round), Double(round * number))
        plant.expect(device, "ENERGY.Voltage", time(round), 230)
        plant.expect(device, "DS18B20.Temperature", time(round), temperature)
        let isOn = round % 3 == 0
        plant.send(
          "tele/\(device)/STATE",
          #"{"Time":"\#(clock)","Uptime":"0T00:10:\#(10 + round)","POWER":"\#(isOn ? "ON" : "OFF")","#
            + #""Wifi":{"SSId":"hall","RSSI":\#(70 + round % 5)}}"#, at: time(round))
        plant.expect(device, "POWER", time(round), isOn ? 1 : 0)
        plant.expect(device, "Wifi.RSSI", time(round), Double(70 + round % 5))
      }
    }
    return plant
  }

  /// Devices with members of their own on one level; another level that is none of a device.
  static func zigbee() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for device in ["kitchen", "bath", "cellar"] {
        plant.send(
          "zigbee2mqtt/\(device)",
          #"{"temperature":\#(20 + round).5,"battery":97,"linkquality":\#(100 + round),"last_seen":\#(time(round).milliseconds)}"#,
          at: time(round))
        plant.expect(device, "temperature", time(round), Double(20 + round) + 0.5)
        plant.expect(device, "battery", time(round), 97)
        plant.expect(device, "linkquality", time(round), Double(100 + round))
      }
      plant.send(
        "zigbee2mqtt/door", #"{"contact":\#(round % 2 == 0),"last_seen":\#(time(round).milliseconds)}"#,
        at: time(round))
      plant.expect("door", "contact", time(round), round % 2 == 0 ? 1 : 0)
      plant.send(
        "zigbee2mqtt/bridge/logging", #"{"level":"info","message":"round \#(round)"}"#, at: time(round))
    }
    return plant
  }

  /// Devices of which no two have a member alike, below a level and on it.
  static func strangers() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for (device, sensor) in [("boiler", "heat"), ("gate", "angle"), ("tank", "level")] {
        plant.send(
          "tele/\(device)/SENSOR", #"{"Time":"\#(time(round))","\#(sensor)":\#(round)}"#, at: time(round))
        plant.expect(device, sensor, time(round), Double(round))
        plant.send(
          "zigbee2mqtt/the \(device)", #"{"last_seen":"\#(time(round))","\#(sensor)_2":\#(round)}"#,
          at: time(round))
        plant.expect("the_x20\(device)", "\(sensor)_2", time(round), Double(round))
      }
    }
    return plant
  }

  /// The device in the topic and in the payload; values in a group; lists beside them; a counter without an epoch.
  static func chirpstack() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...4 {
        let device = "a84041ffff12000\(number)"
        plant.send(
          "application/3f1a/device/\(device)/event/up",
          #"{"deduplicationId":"c\#(round)-\#(number)","time":"\#(time(round))","deviceInfo":{"tenantName":"T","#
            + #""devEui":"\#(device)"},"dr":5,"fCnt":\#(100 + round),"fPort":2,"data":"AQID","#
            + #""object":{"temperature":\#(20 + round).25,"battery":3.5},"rxInfo":[{"gatewayId":"g1","rssi":-\#(50 + round)}]}"#,
          at: time(round))
        plant.expect(device, "temperature", time(round), Double(20 + round) + 0.25)
        plant.expect(device, "battery", time(round), 3.5)
      }
    }
    return plant
  }

  /// Batches of records with tags, some of which only some records have.
  static func telegraf() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for host in ["web-1", "web-2"] {
        let seconds = time(round).milliseconds / 1000
        var metrics: [String] = []
        for cpu in ["cpu0", "cpu1"] {
          metrics.append(
            #"{"fields":{"idle":\#(90 + round % 9)},"name":"cpu","tags":{"cpu":"\#(cpu)","host":"\#(host)"},"timestamp":\#(seconds)}"#
          )
          plant.expect(host, "cpu.\(cpu).idle", time(round), Double(90 + round % 9))
        }
        metrics.append(
          #"{"fields":{"free":\#(1000 + round)},"name":"mem","tags":{"host":"\#(host)"},"timestamp":\#(seconds)}"#
        )
        plant.expect(host, "mem.free", time(round), Double(1000 + round))
        plant.send("telegraf", #"{"metrics":[\#(metrics.joined(separator: ","))]}"#, at: time(round))
      }
    }
    return plant
  }

  static func canonical() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...3 {
        plant.send(
          "devices/pump-\(number)/telemetry",
          #"{"device":"pump-\#(number)","epoch":1,"seq":\#(round),"ts":\#(time(round).milliseconds),"values":{"flow":\#(round).5}}"#,
          at: time(round))
        plant.expect("pump-\(number)", "flow", time(round), Double(round) + 0.5)
      }
    }
    return plant
  }

  static func senML() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      let base = time(round).milliseconds / 1000
      plant.send(
        "sensors/node-1/senml", #"[{"bt":\#(base),"n":"temp","v":2\#(round % 10)}]"#, at: time(round))
    }
    return plant
  }

  /// A topic a sensor, numbers and words as they are.
  static func textPerSensor() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...3 {
        let device = "press-\(number)"
        plant.send("hall/\(device)/temperature", "\(40 + round).5", at: time(round))
        plant.expect(device, "temperature", time(round), Double(40 + round) + 0.5)
        plant.send("hall/\(device)/pressure", "3.\(number)", at: time(round))
        plant.expect(device, "pressure", time(round), 3 + Double(number) / 10)
        plant.send("hall/\(device)/valve", round % 2 == 0 ? "open" : "closed", at: time(round))
        plant.expect(device, "valve", time(round), round % 2 == 0 ? 1 : 0)
      }
    }
    return plant
  }

  /// A gateway that speaks for several devices, on one topic.
  static func gateway() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      let records = (1...3).map {
        #"{"id":"node-\#($0)","t":\#(time(round).milliseconds / 1000),"temp":\#(round).5,"ok":true,"fault":"no"}"#
      }
      for number in 1...3 {
        plant.expect("node-\(number)", "temp", time(round), Double(round) + 0.5)
        plant.expect("node-\(number)", "ok", time(round), 1)
        plant.expect("node-\(number)", "fault", time(round), 0)
      }
      plant.send(
        "gateway/data", #"{"gateway":"g1","readings":[\#(records.joined(separator: ","))]}"#, at: time(round))
    }
    return plant
  }

  /// Pairs of name and value, the device beside them.
  static func pairs() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...2 {
        let milliseconds = time(round).milliseconds
        plant.send(
          "ingress/data",
          #"{"dev":"mill-\#(number)","metrics":[{"name":"temp","value":\#(20 + round),"ts":\#(milliseconds)},"#
            + #"{"name":"load","value":"3.5","ts":\#(milliseconds)}]}"#, at: time(round))
        plant.expect("mill-\(number)", "temp", time(round), Double(20 + round))
        plant.expect("mill-\(number)", "load", time(round), 3.5)
      }
    }
    return plant
  }

  static func lineProtocol() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      let ns = "\(time(round).milliseconds)000000"
      plant.send(
        "influx",
        "weather,station=north temperature=2\(round % 10).5,humidity=40i,clear=t \(ns)\nrain,station=south level=\(round) \(ns)",
        at: time(round))
      plant.expect("north", "weather.temperature", time(round), 20 + Double(round % 10) + 0.5)
      plant.expect("north", "weather.humidity", time(round), 40)
      plant.expect("north", "weather.clear", time(round), 1)
      plant.expect("south", "rain.level", time(round), Double(round))
    }
    return plant
  }

  /// The same names of devices in several areas; messages that are numbered; a time in another unit.
  static func areas() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for area in ["line-a", "line-b"] {
        for number in 1...2 {
          plant.send(
            "site/\(area)/pump-\(number)/status",
            #"{"boot":3,"seq":\#(round),"when":\#(time(round).milliseconds)000,"v":{"rpm":\#(1400 + round),"mode":"\#(["auto", "hand", "idle"][round % 3])"}}"#,
            at: time(round))
          plant.expect("\(area)_x2Fpump-\(number)", "rpm", time(round), Double(1400 + round))
        }
      }
    }
    return plant
  }

  /// Two halls whose devices call their time by other names, in other units; a third writes local time without a zone.
  static func timesOfOtherNames() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      let milliseconds = time(round).milliseconds
      for number in 1...2 {
        let value = Double(round * number) + 0.5
        plant.send(
          "s1/dev-\(number)", #"{"ts":\#(milliseconds / 1000),"v":\#(value)}"#, at: time(round) + .seconds(1))
        plant.send(
          "s2/box-\(number)", #"{"when":\#(milliseconds),"v":\#(value)}"#, at: time(round) + .seconds(1))
        plant.send(
          "s3/rack-\(number)", #"{"date":"\#(local(time(round), ahead: .seconds(3600)))","v":\#(value)}"#,
          at: time(round) + .seconds(1))
        for device in ["dev", "box", "rack"] { plant.expect("\(device)-\(number)", "v", time(round), value) }
      }
    }
    return plant
  }

  /// One device alone, of which nothing varies.
  static func single() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      plant.send(
        "v1/devices/boiler/telemetry", #"{"ts":\#(time(round).milliseconds),"temp":\#(round),"version":7}"#,
        at: time(round))
      plant.expect("boiler", "temp", time(round), Double(round))
    }
    return plant
  }

  /// Several of the above at one broker.
  static func mixed() -> Plant {
    var plant = Plant()
    for part in [tasmota(), canonical(), textPerSensor(), gateway(), senML()] {
      for one in part.sent {
        plant.send(one.topic, one.payload, at: one.arrival, isRetained: one.isRetained)
      }
      for one in part.readings {
        plant.expect(one.device, one.sensor, Timestamp(milliseconds: one.milliseconds), one.value)
      }
    }
    return plant
  }
}

extension Plants {
  /// The plant of `docs/discovery.md`.
  static func page() -> Plant {
    var plant = Plant()
    for round in 0..<rounds {
      for number in 1...2 {
        plant.send("hall/press-\(number)/temperature", "\(40 + round).\(number)", at: time(round))
        plant.send("hall/press-\(number)/valve", round % 2 == 0 ? "open" : "closed", at: time(round))
      }
      let records = (1...3).map {
        #"{"id":"node-\#($0)","t":\#(time(round).milliseconds / 1000),"temp":\#(round).5,"ok":true,"mode":"\#(["auto", "hand"][round % 2])"}"#
      }
      plant.send(
        "gateway/data", #"{"gateway":"g1","readings":[\#(records.joined(separator: ","))]}"#, at: time(round))
    }
    plant.send("gateway/log", "started", at: time(0), isRetained: true)
    return plant
  }
}
