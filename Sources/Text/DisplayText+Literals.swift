/// Literals are text that we wrote ourselves. They pass through the sanitiser all the same: it costs next to nothing
/// and makes a direct call of these initialisers with other text harmless.
extension DisplayText: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { self.init(value) }
  public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.text }

  /// Takes only what is safe: other `DisplayText` and numbers.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = DisplayText()

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ literal: String) { text += DisplayText(literal) }
    public mutating func appendInterpolation(_ value: DisplayText) { text += value }
    public mutating func appendInterpolation(_ value: some BinaryInteger) {
      text += DisplayText(sanitised: String(value))
    }

    /// A number with a fixed count of decimals and a point, rounded to the nearest: `\(seconds, decimals: 1)`.
    public mutating func appendInterpolation(_ value: Double, decimals: Int) {
      text += DisplayText(sanitised: Self.fixed(value, decimals: decimals))
    }

    @available(
      *, unavailable, message: "text that we did not write must become DisplayText first: DisplayText(line: …)"
    )
    public mutating func appendInterpolation(_ value: String) {}

    private static func fixed(_ value: Double, decimals: Int) -> String {
      let decimals = min(max(decimals, 0), 9)
      let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
      let scaled = (value.magnitude * scale).rounded()
      // Beyond 2^53 a Double has no decimals; infinities and NaN have no digits at all.
      guard scaled < 9_007_199_254_740_992 else { return String(value) }
      let digits = String(Int64(scaled))
      let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
      let sign = value < 0 && scaled > 0 ? "-" : ""
      guard decimals > 0 else { return sign + padded }
      return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
  }
}
