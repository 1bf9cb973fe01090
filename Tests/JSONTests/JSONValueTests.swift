import Foundation
import RearviewJSON
import Testing

@Suite("JSON values")
struct JSONValueTests {
  @Test("are written as they were read, members in their order")
  func roundTrip() throws {
    let text = #"{"b":1,"a":[true,false,null,-2.5,"x\n\"\\"],"c":{"z":{},"y":[]},"e":"é🙂"}"#
    #expect(try JSONValue(parsing: text).written() == text)
  }

  @Test("are read behind a byte-order mark, as some servers send it")
  func mark() throws {
    #expect(try JSONValue(parsing: [0xEF, 0xBB, 0xBF] + Array(#"{"a":1}"#.utf8)) == ["a": 1])
  }

  @Test("are written with indents as other programs do")
  func indented() throws {
    let value: JSONValue = ["language": "Python", "n": [1, 2], "none": [:]]
    #expect(
      value.written(indent: 2) == """
        {
          "language": "Python",
          "n": [
            1,
            2
          ],
          "none": {}
        }
        """)
  }

  @Test("agree with Foundation on escapes, numbers and blanks")
  func foundation() throws {
    let text =
      " {\"u\": \"\\u00e9\\ud83d\\ude42\\/\\b\\f\\t\", \"big\": 12345678901234567890, \"exp\": 1e3,\r\n \"i\": -0 }\n"
    let ours = try JSONValue(parsing: text)
    let theirs = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(ours["u"] == theirs["u"])
    #expect(ours["big"]?.number == theirs["big"]?.number)
    #expect(ours["exp"]?.number == 1_000)
    #expect(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(ours)) == theirs)
  }

  @Test(
    "that are none say where and why",
    arguments: [
      ("", 1, 1), ("{", 1, 2), ("{\"a\" 1}", 1, 6), ("[1,\n 2,\n x]", 3, 2), ("[1 2]", 1, 4), ("{} {}", 1, 4),
      ("\"open", 1, 1), ("nul", 1, 1), ("[inf]", 1, 2), ("[1,]", 1, 4), ("{\"a\":1,}", 1, 8),
    ])
  func mistakes(text: String, line: Int, column: Int) {
    #expect { try JSONValue(parsing: text) } throws: { error in
      let error = error as? JSONSyntaxError
      return error?.line == line && error?.column == column
    }
  }

  @Test("nested without end are refused, not followed")
  func depth() {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
  }

  @Test("of a hundred thousand members are read, and compared, in a moment", .timeLimit(.minutes(1)))
  func manyMembers() throws {
    let members = (0..<100_000).map { "\"\($0)\":\($0)" }
    let value = try JSONValue(parsing: "{" + members.joined(separator: ",") + ",\"7\":null}")
    let other = try JSONValue(parsing: "{" + members.reversed().joined(separator: ",") + "}")
    #expect(value.object?.count == 100_000 && value["7"] == .null)
    #expect(value != other)
    var mended = value.object
    mended?["7"] = 7
    #expect(mended == other.object)
  }

  @Test("compare objects without regard to order")
  func equality() {
    let one: JSONObject = ["a": 1, "b": 2]
    let other: JSONObject = ["b": 2, "a": 1]
    #expect(one == other)
    #expect(Set([one, other]).count == 1)
    #expect(one != ["a": 1])
    #expect(one.keys == ["a", "b"])
  }

  @Test("of random bytes never crash")
  func fuzz() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("{}[]\",:0123456789.eE+-truefalsn\\u \n".utf8) + [0, 0x80, 0xFF]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<24, using: &random)).compactMap { _ in alphabet.randomElement(using: &random)
      }
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      #expect((try? JSONValue(parsing: value.bytes())) == value)
    }
  }
}
