import Testing

@testable import RearviewText

@Suite struct SanitiserTests {
  @Test(
    "a terminal sequence leaves nothing behind but the text around it",
    arguments: [
      ("clipboard, OSC 52", "\u{1B}]52;c;ZXZpbA==\u{7}"), ("title, ST", "\u{1B}]0;pwned\u{1B}\\"),
      ("title, 8-bit", "\u{9D}2;pwned\u{9C}"), ("hyperlink", "\u{1B}]8;;http://evil.example\u{1B}\\"),
      ("notification", "\u{1B}]777;notify;a;b\u{7}"), ("cursor", "\u{1B}[2J\u{1B}[H"), ("colour", "\u{1B}[38;5;196m"),
      ("CSI, 8-bit", "\u{9B}31m"), ("CSI with intermediates", "\u{1B}[?1049h\u{1B}[0 q"),
      ("DECRQSS", "\u{1B}P$qm\u{1B}\\"),
      ("DCS, 8-bit", "\u{90}+q544e\u{9C}"), ("APC", "\u{1B}_Gf=24;AAAA\u{1B}\\"), ("PM", "\u{1B}^secret\u{1B}\\"),
      ("SOS", "\u{1B}Xsecret\u{1B}\\"), ("reset", "\u{1B}c"), ("charset", "\u{1B}(0"), ("answerback", "\u{5}"),
      ("device attributes", "\u{1B}[c"), ("backspaces", "\u{8}\u{8}\u{8}"),
      ("sequence in a sequence", "\u{1B}[1\u{1B}[2m"),
      ("string cut by a sequence", "\u{1B}]0;x\u{1B}[2m"), ("cancelled string", "\u{1B}]0;x\u{18}"),
      ("lone ST", "\u{9C}"),
    ])
  func dropsSequence(_ name: String, _ sequence: String) {
    let text = DisplayText("before" + sequence + "after")
    #expect(text.string == "beforeafter", "\(name)")
    #expect(text.hiddenCount > 0)
  }

  @Test("a sequence counts once, a hidden character once")
  func counts() {
    #expect(DisplayText("a\u{1B}]0;title\u{7}b\u{1B}[31mc").hiddenCount == 2)
    #expect(DisplayText("a\u{200B}\u{202E}b").hiddenCount == 2)
    #expect(DisplayText("unfinished \u{1B}]0;tit").hiddenCount == 1)
    #expect(DisplayText("plain\ttext\r\n").hiddenCount == 0)
  }

  @Test("an introducer that is never closed swallows no more than its line or its limit")
  func unterminated() {
    #expect(DisplayText("a\u{1B}]0;title\nnext").string == "a\nnext")
    let long = String(repeating: "x", count: EscapeParser.stringLimit)
    #expect(DisplayText("a\u{1B}]" + long + "tail").string == "atail")
    #expect(DisplayText("a\u{1B}[" + String(repeating: "1;", count: 400) + "tail").string.hasSuffix("tail"))
  }

  @Test("trojan source: bidi controls are dropped and what is left reads in logical order")
  func trojanSource() {
    let line = "if (level != \"user\u{202E} \u{2066}// Check if admin\u{2069} \u{2066}\") {"
    #expect(DisplayText(line).string == "if (level != \"user // Check if admin \") {")
    #expect(DisplayText(line).hiddenCount == 4)
  }

  @Test("hidden payloads in tags and variation selectors do not survive at length")
  func smuggling() {
    let tags = "a" + String(String.UnicodeScalarView((0xE0020...0xE007E).compactMap(Unicode.Scalar.init)))
    #expect(DisplayText(tags).string == "a")
    let selectors = "👍" + String(String.UnicodeScalarView((0xE0100...0xE01EF).compactMap(Unicode.Scalar.init)))
    #expect(DisplayText(selectors).string.unicodeScalars.count == 5)
  }

  @Test("stacked marks end at four a base, also when hidden characters stand between")
  func zalgo() {
    let marks = String(repeating: "\u{335}\u{200B}", count: 60)
    #expect(DisplayText("Z" + marks + "o").string == "Z\u{335}\u{335}\u{335}\u{335}o")
    #expect(DisplayText("a\u{200D}\u{200D}\u{200D}b").string == "a\u{200D}b")
  }

  @Test("line ends become line feeds and tabs become blanks up to the next stop")
  func lineEndsAndTabs() {
    #expect(DisplayText("a\r\nb\rc\u{2028}d\u{2029}e\n").string == "a\nb\nc\nd\ne\n")
    #expect(DisplayText("\tx\n12\ty\n12345678\tz").string == "        x\n12      y\n12345678        z")
    #expect(DisplayText("中\tx").string == "中      x")
    #expect(DisplayText("👍\u{1F3FD}\tx").string == "👍\u{1F3FD}      x")
  }

  @Test("one line has single blanks and none at its ends")
  func oneLine() {
    #expect(DisplayText(line: "  a \t\r\n b\u{3000}\u{2028}c\u{1B}[0m \n").string == "a b c")
    #expect(DisplayText(line: " \n ").isEmpty)
  }

  @Test("revealing shows by name what prose would drop")
  func revealing() {
    let text = DisplayText(revealing: "a\u{202E}b\u{1B}[2Jc\r\nd\u{9B}\u{E0041}")
    #expect(text.string == "a<U+202E>b<U+001B>[2Jc<U+000D>\nd<U+009B><U+E0041>")
    #expect(text.hiddenCount == 0)
    #expect(
      DisplayText(revealing: "x" + String(repeating: "\u{301}", count: 5)).string
        == "x\u{301}\u{301}\u{301}\u{301}<U+0301>")
  }

  @Test("what people write comes through untouched")
  func keepsScripts() {
    let samples = [
      "नमस्ते की क्षमा", "می\u{200C}خواهم", "👩‍👩‍👧 👍\u{1F3FD} ❤\u{FE0F} 🇩🇪", "日本語、テキスト。", "Ça va, naïve, Ω≈ç√",
      "한글 \u{1112}\u{1161}\u{11AB}",
      "שלום עולם", "a\nb\n\nc", "",
    ]
    for sample in samples {
      let text = DisplayText(sample)
      #expect(Array(text.string.unicodeScalars) == Array(sample.unicodeScalars))
      #expect(text.hiddenCount == 0)
    }
  }

  @Test("any text comes out safe, a second pass changes nothing, and so does joining two")
  func fuzz() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<3000 {
      let first = generator.text(of: hostilePieces, count: 0...24)
      let second = generator.text(of: hostilePieces, count: 0...12)
      let texts = [DisplayText(first), DisplayText(revealing: first), DisplayText(line: first)]
      for text in texts + texts.map({ $0 + DisplayText(second) }) {
        #expect(violations(in: text.string) == [], "\(first.debugDescription) \(second.debugDescription)")
        #expect(same(DisplayText(text.string).string, text.string), "\(first.debugDescription)")
      }
      #expect(same(DisplayText(line: texts[2].string).string, texts[2].string))
      #expect(!texts[2].string.contains("\n"))
    }
  }

  @Test("a stream gives what the whole gives, wherever it is cut")
  func streamAtEveryBoundary() {
    let samples = [
      "a\u{1B}]52;c;ZXZpbA==\u{1B}\\b\u{1B}[1;31mc\u{9B}0md\u{1B}(0e", "one\r\ntwo\rthree\n\tfour\r\n\tfive",
      "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}x\u{200D}\u{200D}y",
      "中\tx👩\u{200D}👩\u{200D}👧\ty\u{1F1E9}\u{1F1EA}\tz",
      "tail \u{1B}P$qm", "\u{1B}]0;title\nnext", "\u{1B}[3\u{1B}[4mx",
    ]
    for sample in samples {
      let scalars = Array(sample.unicodeScalars)
      let whole = DisplayText(sample)
      for cut in 0...scalars.count {
        let result = stream([string(scalars[..<cut]), string(scalars[cut...])])
        #expect(same(result.text.string, whole.string), "cut at \(cut) of \(sample.debugDescription)")
        #expect(result.hiddenCount == whole.hiddenCount)
      }
      let single = stream(scalars.map { String(Character($0)) })
      #expect(same(single.text.string, whole.string))
      #expect(single.hiddenCount == whole.hiddenCount)
    }
  }

  @Test("a stream cut at random gives what the whole gives")
  func streamFuzz() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<1000 {
      let scalars = Array(generator.text(of: hostilePieces, count: 0...30).unicodeScalars)
      let whole = DisplayText(string(scalars[...]))
      var chunks: [String] = []
      var rest = scalars[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...min(4, rest.count), using: &generator)
        chunks.append(string(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      let result = stream(chunks)
      #expect(same(result.text.string, whole.string), "\(chunks.map(\.debugDescription))")
      #expect(result.hiddenCount == whole.hiddenCount)
    }
  }

  private func stream(_ chunks: [String]) -> (text: DisplayText, hiddenCount: Int) {
    var sanitiser = StreamSanitiser()
    var text = DisplayText()
    for chunk in chunks { text += sanitiser.feed(chunk) }
    text += sanitiser.finish()
    #expect(text.hiddenCount == sanitiser.hiddenCount)
    return (text, sanitiser.hiddenCount)
  }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(scalars)) }

  /// `==` of strings would take canonically equivalent ones for the same.
  private func same(_ left: String, _ right: String) -> Bool { Array(left.utf8) == Array(right.utf8) }

  /// What breaks the promise of `DisplayText`, written down anew so that it does not share the sanitiser's mistakes.
  private func violations(in string: String) -> [String] {
    let forbidden: Set<UInt32> = [
      0x61C, 0x200B, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,
      0xFEFF,
      0xFFF9, 0xFFFA, 0xFFFB,
    ]
    var found: [String] = []
    var marks = 0
    for scalar in string.unicodeScalars {
      let value = scalar.value
      let isControl = scalar.properties.generalCategory == .control && value != 0x0A
      if isControl || forbidden.contains(value) || (0xE0000...0xE007F).contains(value) {
        found.append("U+" + String(value, radix: 16))
      }
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark: marks += 1
      case .format where value == 0x200C || value == 0x200D: break
      default: marks = 0
      }
      if marks > 4 { found.append("marks") }
    }
    return found
  }
}
