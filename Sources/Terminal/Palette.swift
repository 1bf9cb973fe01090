import RearviewText

/// The nearest colour of a smaller palette, found in OKLab (Björn Ottosson, 2020), where equal distances look equally
/// far.
struct Palette {
  let depth: ColorDepth
  /// In true colour: the palette up to this index can be used, and 24-bit values begin there.
  private let directStart: UInt32
  private var known: [UInt32: Int32] = [:]

  /// `mixesPalette`: whether true colour leaves the whole palette in reach, or its first eight colours only.
  init(depth: ColorDepth, mixesPalette: Bool = true) {
    self.depth = depth
    directStart = mixesPalette ? 256 : 8
  }

  /// What curses is told for a colour: -1 for the terminal's own, a palette index, or 0xRRGGBB in true colour mode.
  mutating func value(of color: Color) -> Int32 {
    switch (color, depth) {
    case (.standard, _), (_, .mono): return -1
    case (.indexed(let index), .palette256): return Int32(index)
    case (.indexed(let index), .trueColor) where index < directStart: return Int32(index)
    case (.indexed(let index), .ansi8) where index < 8: return Int32(index)
    case (.indexed(let index), .ansi8) where index < 16: return Int32(index - 8)
    case (.indexed(let index), .ansi16) where index < 16: return Int32(index)
    case (.indexed(let index), _): return nearest(Self.xterm[Int(index)])
    case (.rgb(let red, let green, let blue), _):
      return nearest(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue))
    }
  }

  /// Bright colours on a terminal of eight are the plain ones in bold.
  func boldens(_ foreground: Color) -> Bool {
    if case .indexed(8..<16) = foreground { return depth == .ansi8 }
    return false
  }

  private mutating func nearest(_ rgb: UInt32) -> Int32 {
    // Where the palette stands, black and the blues move by the smallest step that leaves it, which no one sees.
    if depth == .trueColor { return Int32(rgb < directStart ? rgb | directStart : rgb) }
    if let index = known[rgb] { return index }
    let wanted = OKLab(rgb)
    // The first sixteen of 256 are the user's own to change, so nobody knows how they look.
    let candidates: Range<Int> =
      switch depth {
      case .palette256: 16..<256
      case .ansi16: 0..<16
      case .ansi8, .mono, .trueColor: 0..<8
      }
    let index = candidates.min { Self.lab[$0].distance(to: wanted) < Self.lab[$1].distance(to: wanted) } ?? 0
    known[rgb] = Int32(index)
    return Int32(index)
  }

  /// xterm's 256 colours as 0xRRGGBB: 16 named ones, a cube of six steps, 24 greys.
  static let xterm: [UInt32] = {
    let named: [UInt32] = [
      0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5, 0x7F7F7F, 0xFF0000, 0x00FF00,
      0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]
    let steps: [UInt32] = [0, 95, 135, 175, 215, 255]
    let cube = steps.flatMap { red in steps.flatMap { green in steps.map { red << 16 | green << 8 | $0 } } }
    let greys = (0..<24).map { UInt32(8 + 10 * $0) * 0x010101 }
    return named + cube + greys
  }()

  private static let lab = xterm.map(OKLab.init)
}

/// A colour as lightness and two hues.
private struct OKLab {
  let lightness: Double
  let greenToRed: Double
  let blueToYellow: Double

  init(_ rgb: UInt32) {
    let red = Self.linear(rgb >> 16)
    let green = Self.linear(rgb >> 8)
    let blue = Self.linear(rgb)
    let long = cubeRoot(0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue)
    let middle = cubeRoot(0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue)
    let short = cubeRoot(0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue)
    lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * middle - 0.004_072_046_8 * short
    greenToRed = 1.977_998_495_1 * long - 2.428_592_205_0 * middle + 0.450_593_709_9 * short
    blueToYellow = 0.025_904_037_1 * long + 0.782_771_766_2 * middle - 0.808_675_766_0 * short
  }

  func distance(to other: OKLab) -> Double {
    let lightness = lightness - other.lightness
    let greenToRed = greenToRed - other.greenToRed
    let blueToYellow = blueToYellow - other.blueToYellow
    return lightness * lightness + greenToRed * greenToRed + blueToYellow * blueToYellow
  }

  private static func linear(_ channel: UInt32) -> Double { linearValues[Int(channel & 0xFF)] }

  private static let linearValues: [Double] = (0..<256).map { channel in
    let value = Double(channel) / 255
    return value <= 0.04045 ? value / 12.92 : power((value + 0.055) / 1.055, 2.4)
  }
}
