extension Frame {
  /// The rows as text, blanks at their ends trimmed, one line feed after each: what golden files hold.
  public func text() -> String {
    var result = ""
    for row in 0..<size.rows {
      var line = String.UnicodeScalarView()
      var end = line.endIndex
      for column in 0..<size.columns {
        let cell = self[column, row]
        guard cell.width > 0 else { continue }
        for value in [cell.base, cell.mark1, cell.mark2, cell.mark3, cell.mark4] where value != 0 {
          if let scalar = Unicode.Scalar(value) { line.append(scalar) }
        }
        if cell.base != 0x20 || cell.mark1 != 0 { end = line.endIndex }
      }
      result += String(line[..<end]) + "\n"
    }
    return result
  }

  /// The styles as text, one letter a cell, `.` for a plain one, blanks at the ends trimmed to nothing; then a line a
  /// letter that says what it stands for. Letters are given in reading order.
  public func styleMap() -> String {
    var letters: [Style: Character] = [Style(): "."]
    var legend: [String] = []
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    var map = ""
    for row in 0..<size.rows {
      var line = ""
      for column in 0..<size.columns {
        let style = self[column, row].style
        let letter = letters[style] ?? (legend.count < alphabet.count ? alphabet[legend.count] : "?")
        if letters.updateValue(letter, forKey: style) == nil { legend.append("\(letter) \(style.summary)") }
        line.append(letter)
      }
      while line.last == "." { line.removeLast() }
      map += line + "\n"
    }
    return map + legend.map { $0 + "\n" }.joined()
  }
}

extension Style {
  /// A short name for golden files, such as `bold fg=4`.
  var summary: String {
    var words: [String] = []
    let names: [(Attributes, String)] = [
      (.bold, "bold"), (.dim, "dim"), (.italic, "italic"), (.underline, "underline"), (.reverse, "reverse"),
      (.strikethrough, "strikethrough"),
    ]
    for (attribute, name) in names where attributes.contains(attribute) { words.append(name) }
    if foreground != .standard { words.append("fg=\(foreground.summary)") }
    if background != .standard { words.append("bg=\(background.summary)") }
    return words.joined(separator: " ")
  }
}

extension Color {
  fileprivate var summary: String {
    switch self {
    case .standard: "standard"
    case .indexed(let index): "\(index)"
    case .rgb(let red, let green, let blue): "\(red),\(green),\(blue)"
    }
  }
}
