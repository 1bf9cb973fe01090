/// Fills in a template: `{NAME}` is the variable of that name, `{A|B}` the first of two that is set, and what follows
/// `=` is meant where none is.
///
/// - Throws: the names of which one would have to be set.
func filled(_ template: String, _ variable: (String) -> String?) throws(UnsetVariable) -> String {
  var result = ""
  var rest = template[...]
  while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
    result += rest[..<open]
    let inner = rest[rest.index(after: open)..<close].split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let names = inner[0].split(separator: "|").map(String.init)
    guard let value = names.lazy.compactMap(variable).first ?? inner.dropFirst().first.map(String.init) else {
      throw UnsetVariable(names: names)
    }
    result += value
    rest = rest[rest.index(after: close)...]
  }
  return result + rest
}

/// None of these variables is set, and one of them is needed.
struct UnsetVariable: Error, Hashable {
  var names: [String]
}
