import Manifests
import Testing

/// Names, images, volumes and paths: what Kubernetes would refuse is refused first, in a sentence.
@Suite struct NameTests {
  @Test(arguments: [
    ("Pumps_2026", "pumps-2026"), ("2026", "sonde-2026"), ("--a..b--", "a-b"), ("site-{index}", "site-index"),
    ("Pumpen für Süd", "pumpen-f-r-s-d"), ("a", "a"), ("日本 1", "sonde-1"),
    (String(repeating: "a", count: 44) + "-b", String(repeating: "a", count: 44)),
  ]) func whatIsNoNameIsTurnedIntoOne(text: String, name: String) throws {
    let near = try #require(ResourceName(near: text))
    #expect("\(near)" == name)
    // What was made is taken as it is.
    #expect(try ResourceName("\(near)", option: "--name") == near)
  }

  @Test(arguments: ["", "--", "日本", "…"]) func ofSomeTextsNoNameCanBeMade(text: String) {
    #expect(ResourceName(near: text) == nil)
  }

  @Test func aNameThatIsGivenIsTakenOrRefused() {
    for text in ["Pumps", "1a", "a-", "-a", "a.b", "a b", "", "a\n", "ä", String(repeating: "a", count: 46)] {
      let error = #expect(throws: ManifestError.self) { try ResourceName(text, option: "--name") }
      #expect(error?.description.hasPrefix("--name “") == true)
    }
    let error = #expect(throws: ManifestError.self) { try ResourceName("My_Pumps", option: "--name") }
    #expect(error?.description.hasSuffix("such as my-pumps") == true)
    #expect(throws: Never.self) { try ResourceName(String(repeating: "a", count: 45), option: "--name") }
  }

  @Test func namespacesAndHosts() throws {
    #expect(try ResourceName.namespace("2-plants") == "2-plants")
    for text in ["Plant", "a.b", "-a", "a-", "", String(repeating: "a", count: 64)] {
      #expect(throws: ManifestError.self) { try ResourceName.namespace(text) }
    }
    #expect(try ResourceName.dotted("pumps.example.com", "--host") == "pumps.example.com")
    for text in [
      "", ".", "a..b", "a.", "*.a", "http://a", "a:80", "A", String(repeating: "a", count: 64),
      Array(repeating: "aaa", count: 64).joined(separator: "."),
    ] {
      #expect(throws: ManifestError.self) { try ResourceName.dotted(text, "--host") }
    }
  }

  @Test func images() throws {
    let digest = "@sha256:" + String(repeating: "0", count: 64)
    for text in [
      "sonde", "sonde:1", "a/b", "registry.example.com/iot/sonde:1.2-rc.1", "localhost:5000/sonde",
      "a/b_c__d-e.f\(digest)",
      "sonde:1\(digest)",
    ] {
      #expect(try ImageName.checked(text) == text)
    }
    for text in [
      "", "Sonde", "sonde:", "sonde:-", "a b", "a//b", "/a", "a/", "https://a/b", "a@sha256:1", "a\n",
      "a:1:2",
      String(repeating: "a", count: 501),
    ] {
      #expect(throws: ManifestError.self, "\(text)") { try ImageName.checked(text) }
    }
  }

  @Test func volumes() throws {
    let mounts = try ClaimMount.all(["models:/models/", "a.b:/srv/x"])
    #expect(mounts.map(\.claim) == ["models", "a.b"] && mounts.map(\.path) == ["/models", "/srv/x"])
    for text in [
      "models", ":/models", "models:", "models:models", "Models:/a", "a:/", "a:/b:ro", "a:/tmp", "a:/tmp/x",
      "a:/etc",
      "a:/etc/sonde/keys", "a:/b/../c",
    ] {
      #expect(throws: ManifestError.self, "\(text)") { try ClaimMount(text) }
    }
    #expect(throws: ManifestError.self) { try ClaimMount.all(["a:/x", "b:/x/"]) }
    #expect(throws: Never.self) { try ClaimMount("a:/tmpx") }
  }

  @Test func pathsOfTheContainerAreAbsolute() {
    #expect(throws: Never.self) { try ContainerPaths.check("/models", "--models") }
    for path in ["models", "", "./a", "/a/../b", "/./a", "~/a"] {
      #expect(throws: ManifestError.self) { try ContainerPaths.check(path, "--models") }
    }
  }

  /// Kubernetes puts variables in; what is not one of ours must come out as it went in.
  @Test func dollarsSurvive() {
    let words = [
      "$", "$$", "$(A)", "$$(A)", "a$(", "$(JOB_COMPLETION_INDEX)", "{index}", "a{index}$b{index}",
    ]
    #expect(PodArguments.escaped(words).map { Expansion.expanded($0, ["A": "x"]) } == words)
    let indexed = PodArguments.escaped(words, index: true).map {
      Expansion.expanded($0, ["A": "x", "JOB_COMPLETION_INDEX": "7"])
    }
    #expect(indexed == words.map { $0.replacing("{index}", with: "7") })
  }
}

/// What Kubernetes does with the words of a command (`third_party/forked/golang/expansion` in its source).
enum Expansion {
  static func expanded(_ word: String, _ variables: [String: String]) -> String {
    var expanded = ""
    var rest = Substring(word)
    while let sign = rest.firstIndex(of: "$") {
      expanded += rest[..<sign]
      rest = rest[rest.index(after: sign)...]
      if rest.hasPrefix("$") {
        expanded += "$"
        rest = rest.dropFirst()
      } else if rest.hasPrefix("("), let end = rest.firstIndex(of: ")") {
        let name = String(rest[rest.index(after: rest.startIndex)..<end])
        expanded += variables[name] ?? "$(\(name))"
        rest = rest[rest.index(after: end)...]
      } else {
        expanded += "$"
      }
    }
    return expanded + rest
  }
}
