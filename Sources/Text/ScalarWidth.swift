/// How many cells one Unicode scalar takes by itself, from `WidthTable`. Clusters are measured by `cellWidth(_:)`.
enum ScalarWidth {
  /// Scalars below this are looked up in an array; the few above it by search.
  private static let tableEnd: UInt32 = 0x20000

  private static let table: [UInt8] = {
    var widths = [UInt8](repeating: 1, count: Int(tableEnd))
    func enter(_ ranges: [UInt32], width: UInt8) {
      for pair in stride(from: 0, to: ranges.count, by: 2) where ranges[pair] < tableEnd {
        for value in ranges[pair]...min(ranges[pair + 1], tableEnd - 1) { widths[Int(value)] = width }
      }
    }
    enter(WidthTable.zeroWidth, width: 0)
    enter(WidthTable.doubleWidth, width: 2)
    return widths
  }()

  /// 0, 1 or 2. Control characters count 1, because they are drawn as one sign if they ever get that far.
  static func of(_ value: UInt32) -> Int {
    if value < 0x300 { return 1 }
    if value < tableEnd { return Int(table[Int(value)]) }
    if contains(value, in: WidthTable.doubleWidth) { return 2 }
    return contains(value, in: WidthTable.zeroWidth) ? 0 : 1
  }

  private static func contains(_ value: UInt32, in ranges: [UInt32]) -> Bool {
    var low = 0
    var high = ranges.count / 2
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle * 2 + 1] < value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count / 2 && ranges[low * 2] <= value
  }
}
