import Testing

@testable import RearviewText

@Suite struct CellWidthTests {
  @Test("the table agrees with the C library on every scalar that it can print")
  func agreesWithLibrary() throws {
    let widths = try #require(DrawableScalars.libraryWidths(0..<0x110000))
    var differences: [String] = []
    for value in UInt32(0x20)..<0x110000 where widths[Int(value)] >= 0 {
      if ScalarWidth.of(value) != Int(widths[Int(value)]) { differences.append(String(value, radix: 16)) }
    }
    // A library newer than the table (Unicode 14) may have moved a few; the one that the table was made from has none.
    #expect(differences.count <= 64, "\(differences.prefix(80))")
    let known = widths.indices.filter { widths[$0] >= 0 }.count
    #expect(known > 280_000)
  }

  @Test("the ranges ascend and do not touch")
  func tableIsSorted() {
    for table in [WidthTable.zeroWidth, WidthTable.doubleWidth] {
      #expect(table.count.isMultiple(of: 2))
      #expect(
        zip(table, table.dropFirst()).enumerated().allSatisfy {
          $0.offset % 2 == 0 ? $0.element.0 <= $0.element.1 : $0.element.0 < $0.element.1
        })
    }
  }

  @Test(
    "a cluster takes the cells that every terminal gives it",
    arguments: [
      ("a", 1), ("é", 1), ("e\u{301}", 1), ("中", 2), ("中\u{301}", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2),
      ("\u{1112}\u{1161}\u{11AB}", 2),
      ("⚠", 1), ("⚠\u{FE0F}", 1), ("1\u{FE0F}\u{20E3}", 1), ("👍", 2), ("👍\u{1F3FD}", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2),
      ("🇩", 1),
      ("│", 1), ("…", 1), ("●", 1), ("\u{AD}", 1), ("\u{301}", 1), ("की", 2), ("क्ष", 2),
      ("\u{1FAE8}", 2), ("\u{7}", 1),
      ("\u{202E}", 1), ("🏴\u{E0067}\u{E0062}\u{E007F}", 2), ("\u{10FFFF}", 1), ("\u{20000}", 2),
    ])
  func widths(_ cluster: String, _ expected: Int) {
    let character = Character(cluster)
    #expect(cellWidth(character) == expected)
    #expect(Cell.fold(character, style: Style()).reduce(0) { $0 + Int($1.width) } == expected)
  }

  @Test("folding keeps a base with its marks and drops what terminals disagree about")
  func folding() {
    #expect(scalars("e\u{301}\u{302}") == [[0x65, 0x301, 0x302]])
    #expect(scalars("👩‍👩‍👧") == [[0x1F469]])
    #expect(scalars("👍\u{1F3FD}") == [[0x1F44D]])
    #expect(scalars("❤\u{FE0F}") == [[0x2764]])
    #expect(scalars("1\u{FE0F}\u{20E3}") == [[0x31]])
    #expect(scalars("🇩🇪") == [[0x44], [0x45]])
    #expect(scalars("क्ष") == [[0x915, 0x94D], [0x937]])
    #expect(scalars("की") == [[0x915], [0x940]])
    #expect(scalars("\u{301}") == [[0x25CC, 0x301]])
    #expect(scalars("\u{AD}") == [[0x2D]])
    #expect(scalars("\u{202E}") == [[0x25A1]])
    #expect(scalars("\u{1B}") == [[0x25A1]])
  }

  @Test("what the C library cannot print becomes a square, with a blank where it is wide")
  func undrawable() throws {
    let widths = try #require(DrawableScalars.libraryWidths(0..<0x110000))
    #expect(scalars("\u{0378}") == [[0x25A1]])
    #expect(scalars("\u{10FFFF}") == [[0x25A1]])
    #expect(scalars("\u{1FAE8}") == (widths[0x1FAE8] == 2 ? [[0x1FAE8]] : [[0x25A1], [0x20]]))
    #expect(scalars("\u{E000}") == [[0xE000]])
  }

  @Test("every single scalar folds into cells that add up to its width, and none is wider than two")
  func allScalars() {
    var wrong: [UInt32] = []
    for value in UInt32(0)..<0x30000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let character = Character(scalar)
      let cells = Cell.fold(character, style: Style())
      let sum = cells.reduce(0) { $0 + Int($1.width) }
      let isDrawable = cells.allSatisfy {
        $0.base >= 0x20 && !(0x7F...0x9F).contains($0.base) && DrawableScalars.contains($0.base)
      }
      if sum != cellWidth(character) || !(1...2).contains(sum) || !isDrawable { wrong.append(value) }
    }
    #expect(wrong == [])
  }

  private func scalars(_ cluster: String) -> [[UInt32]] {
    Cell.fold(Character(cluster), style: Style()).map { cell in
      [cell.base, cell.mark1, cell.mark2, cell.mark3, cell.mark4].filter { $0 != 0 }
    }
  }
}
