import RearviewHTTP
import Testing

@Suite("Header fields")
struct HeaderFieldsTests {
  @Test("names compare without case, values do not")
  func lookup() {
    let fields: HeaderFields = ["Retry-After": "2"]
    #expect(fields["retry-AFTER"] == "2")
    #expect(fields["retry"] == nil)
  }

  @Test("setting a name replaces all of its values")
  func replacement() {
    var fields: HeaderFields = ["a": "1", "b": "2"]
    fields.append(name: "A", value: "3")
    #expect(fields.map(\.value) == ["1", "2", "3"])
    fields["a"] = "4"
    #expect(fields.map(\.value) == ["2", "4"])
    fields["b"] = nil
    #expect(fields.map(\.name) == ["a"])
  }

  @Test("printing a request shows no value of a header")
  func printing() {
    let request = HTTPRequest(.get, "http://h/", headers: ["authorization": "Bearer sk-secret"])
    var dumped = ""
    dump(request, to: &dumped)
    for text in ["\(request)", String(reflecting: request), dumped] {
      #expect(!text.contains("sk-secret"))
      #expect(text.contains("h/"))
    }
  }
}
