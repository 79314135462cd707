import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderTests {
  @Test func allOnTheWayAreMade() async throws {
    try await withTemporaryFolder { folder in
      for path in ["\(folder)/a/b//c", "\(folder)/a/b/c/", "\(folder)/a", "\(folder)/d/"] {
        try Folder.make(path)
        var isFolder = ObjCBool(false)
        #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue)
      }
    }
  }

  @Test(arguments: ["f", "f/", "f/x", "f/x/y"]) func aFileOnTheWayIsTold(name: String) async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("x", to: "\(folder)/f")
      let error = #expect(throws: FileError.self) { try Folder.make("\(folder)/\(name)") }
      #expect("\(try #require(error))" == "cannot make the folder \(folder)/\(name): Not a directory")
    }
  }
}

@Suite struct AtomicFileTests {
  @Test func aFileThatExistsIsRefusedOrReplacedAsAsked() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/f"
      try AtomicFile.write("one", to: path)
      #expect(throws: FileError.self) { try AtomicFile.write("two", to: path) }
      #expect(try TextFile.text(of: path) == "one")
      try AtomicFile.write("two", to: path, existing: .replace)
      #expect(try TextFile.text(of: path) == "two")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
    }
  }

  @Test func aFolderThatIsNotThereIsNamed() throws {
    let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: "/nonexistent/f") }
    #expect("\(try #require(error))".contains("/nonexistent/f"))
  }

  @Test func digestsAreThoseOfSha256sum() async throws {
    #expect(
      Digest.sha256(text: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    try await withTemporaryFolder { folder in
      try AtomicFile.write(String(repeating: "a", count: 3_000_000), to: "\(folder)/f")
      #expect(
        try Digest.sha256(file: "\(folder)/f")
          == Digest.sha256(text: String(repeating: "a", count: 3_000_000)))
    }
  }
}

@Suite struct CSVTests {
  private func rows(_ text: String, delimiter: Character = ",") throws -> [[String]] {
    var reader = try CSVReader(bytes: Array(text.utf8), path: "t.csv", delimiter: delimiter)
    var rows = [reader.header]
    while let row = try reader.nextRow() { rows.append(row.fields) }
    return rows
  }

  @Test func quotesLineBreaksAndDelimitersAreRead() throws {
    #expect(
      try rows("a,b\r\n\"x,1\",\"say \"\"hi\"\"\"\n\"two\nlines\",\n\n1,2")
        == [["a", "b"], ["x,1", "say \"hi\""], ["two\nlines", ""], ["1", "2"]])
    #expect(try rows("a;b\n1;2\n", delimiter: ";") == [["a", "b"], ["1", "2"]])
    #expect(try rows("\u{FEFF}a\n1") == [["a"], ["1"]])
  }

  @Test func namesOfColumnsHaveNoBlanksAroundThem() throws {
    let text = "\u{FEFF} time,\tdevice ,a b,\" c \"\r\n1, 2 ,3,4\r\n"
    #expect(try rows(text) == [["time", "device", "a b", "c"], ["1", " 2 ", "3", "4"]])
  }

  @Test func aColumnIsNamedOnce() throws {
    let reader = try CSVReader(bytes: Array("a,b, a\n".utf8), path: "t.csv")
    #expect(try reader.column("b") == 1)
    let error = #expect(throws: CSVError.self) { try reader.column("a") }
    #expect("\(try #require(error))" == "t.csv:1: there are two columns “a”")
  }

  @Test func messagesNameColumnsWithinBounds() throws {
    let names = (0..<5000).map { "c\($0)" + String(repeating: "x", count: 500) }
    let reader = try CSVReader(bytes: Array(names.joined(separator: ",").utf8), path: "t.csv")
    let error = try #require(
      #expect(throws: CSVError.self) { try reader.column(String(repeating: "y", count: 9999)) })
    #expect(
      error.reason.utf8.count < 10_000 && error.reason.contains("c0xxx")
        && error.reason.hasSuffix("and 4936 more"))
    let other = try CSVReader(bytes: Array("time;device\n".utf8), path: "t.csv")
    let hint = try #require(#expect(throws: CSVError.self) { try other.column("time") })
    #expect(hint.reason.hasSuffix("fields seem to be separated by “;”"))
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let fields = ["plain", "with,comma", "with \"quotes\"", "two\nlines", "", "ünïcode"]
    let text = CSVWriter.line(fields.map { _ in "h" }) + CSVWriter.line(fields)
    #expect(try rows(text).last == fields)
  }

  @Test(arguments: [
    ("a,b\n1\n", "t.csv:2: 1 fields, but the header has 2"),
    ("a\n\"open", "t.csv:2: a quoted field is never closed"),
    ("a\n\"x\"y\n", "t.csv:2: text follows"), ("", "t.csv:1: the file is empty"),
    ("a,b\n\"two\nlines\",1\n1,2,3\n", "t.csv:4: 3 fields"),
  ])
  func aBrokenRowIsNamedByItsLine(text: String, message: String) throws {
    let error = #expect(throws: CSVError.self) { try rows(text) }
    #expect("\(try #require(error))".hasPrefix(message))
  }
}
