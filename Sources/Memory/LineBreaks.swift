extension String {
  /// The text with blanks behind each line break, so that nothing in it begins a line. Every kind of line break counts
  /// (LF, CR, CRLF, VT, FF, NEL, LS, PS).
  public func indentingLines(by blanks: String) -> String {
    guard unicodeScalars.contains(where: Self.isLineBreak) else { return self }
    var result = String.UnicodeScalarView()
    var scalars = unicodeScalars.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      result.append(scalar)
      if Self.isLineBreak(scalar), !(scalar == "\r" && next == "\n") {
        result.append(contentsOf: blanks.unicodeScalars)
      }
    }
    return String(result)
  }

  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
