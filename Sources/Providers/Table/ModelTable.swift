import CProviderTables

/// The models that come with the program: what they take and cost, by the word of LiteLLM's table.
///
/// A line of `models.tsv` has, between tabs: the full name, the context window and the longest answer in tokens, US
/// dollars for a million tokens of input, output and cached input, marks (`r` reasons, `v` sees images, `t` calls tools,
/// `p` long inputs cost more, `f` used by many, `R` answers on the Responses protocol only), and the day of its end. What
/// is empty is unknown. The lines are sorted by name; they are read where they stand, so that the table costs no memory.
enum ModelTable {
  /// Where a line stands.
  struct Line {
    fileprivate var bytes: UnsafeBufferPointer<UInt8>

    /// The full name, `provider/model`.
    var name: String { field(0) }
    var needsResponses: Bool { marks.contains("R") }
    var isFeatured: Bool { marks.contains("f") }

    private var marks: String { field(6) }

    fileprivate func field(_ index: Int) -> String {
      var start = 0
      for _ in 0..<index {
        guard let tab = bytes[start...].firstIndex(of: UInt8(ascii: "\t")) else { return "" }
        start = tab + 1
      }
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\t")) ?? bytes.count
      return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// All that the line says.
    /// - Parameter provider: The provider's name for people.
    func description(provider: String) -> ModelDescription {
      var model = ModelDescription(name: name, provider: provider, origin: .table)
      let fields = String(decoding: bytes, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 8 else { return model }
      model.contextWindow = Int(fields[1])
      model.maxOutput = Int(fields[2])
      model.inputPrice = Double(fields[3])
      model.outputPrice = Double(fields[4])
      model.cachedInputPrice = Double(fields[5])
      let marks = fields[6]
      model.reasons = marks.contains("r")
      model.seesImages = marks.contains("v")
      model.callsTools = marks.contains("t")
      model.hasTieredPrice = marks.contains("p")
      model.endsOn = fields[7].isEmpty ? nil : String(fields[7])
      return model
    }
  }

  // The bytes are constants of the program.
  private static var bytes: UnsafeBufferPointer<UInt8> {
    let file = model_table()
    return UnsafeBufferPointer(start: file.bytes, count: file.count)
  }

  /// The line of a model, by its full name.
  static func line(_ name: String) -> Line? {
    let bytes = bytes
    let wanted = Array(name.utf8)
    var (low, high) = (0, bytes.count)
    while low < high {
      let middle = (low + high) / 2
      var start = middle
      while start > low, bytes[start - 1] != newline { start -= 1 }
      let end = bytes[middle...].firstIndex(of: newline) ?? bytes.count
      let nameEnd = bytes[start..<end].firstIndex(of: UInt8(ascii: "\t")) ?? end
      let found = bytes[start..<nameEnd]
      if found.elementsEqual(wanted) { return Line(bytes: UnsafeBufferPointer(rebasing: bytes[start..<end])) }
      if found.lexicographicallyPrecedes(wanted) { low = end + 1 } else { high = start }
    }
    return nil
  }

  /// Every line, in the order of the names.
  static func forEach(_ visit: (Line) -> Void) {
    let bytes = bytes
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: newline) ?? bytes.count
      visit(Line(bytes: UnsafeBufferPointer(rebasing: bytes[start..<end])))
      start = end + 1
    }
  }

  /// The names of providers whose table has a model of that bare name, in the order of the table.
  static func providers(ofBare model: String) -> [String] {
    var providers: [String] = []
    forEach { line in
      let name = line.name
      guard name.hasSuffix("/" + model), let slash = name.firstIndex(of: "/"),
        name[name.index(after: slash)...] == model
      else { return }
      providers.append(String(name[..<slash]))
    }
    return providers
  }
}

private let newline = UInt8(ascii: "\n")
