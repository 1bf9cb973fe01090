/// Takes the scalars of one grapheme cluster, in order, and says what becomes of each on the screen.
///
/// This is the only place that knows how a cluster turns into cells; width, wrapping, truncation, the caret and
/// drawing all follow it, so they cannot disagree. The cursor of ncurses moves by the width of each single scalar,
/// terminals differ over sequences, hence the rule: draw only what every terminal measures alike.
struct ClusterFolding {
  enum Step: Equatable {
    /// Opens a cell (1) or a pair of cells (2).
    case base(UInt32, width: Int)
    /// A zero-width scalar without a base before it: drawn on a dotted circle, U+25CC.
    case orphan(UInt32)
    /// Belongs to the cell that was opened last.
    case mark(UInt32)
    /// Not drawn.
    case skip
    /// Not drawn, and nothing after it either.
    case stop
  }

  /// What ncurses can hold in one cell beside the base (`CCHARW_MAX` - 1), and the limit against stacked marks.
  static let marksPerBase = 4
  /// WHITE SQUARE: stands for what cannot be drawn.
  static let replacement: UInt32 = 0x25A1
  static let dottedCircle: UInt32 = 0x25CC

  private var isFirst = true
  private var marks = 0
  private var followsJoiner = false

  mutating func next(_ scalar: Unicode.Scalar) -> Step {
    let value = scalar.value
    guard !isFirst else {
      isFirst = false
      return first(value)
    }
    if value == ScalarClass.zeroWidthJoiner {
      followsJoiner = true
      return .skip
    }
    if ScalarClass.isDroppedInCluster(value) { return .skip }
    if followsJoiner, scalar.properties.isEmoji { return .stop }
    if let letter = ScalarClass.letter(ofRegionalIndicator: value) { return base(letter, width: 1) }
    let width = ScalarWidth.of(value)
    guard width == 0 else { return base(value, width: width) }
    guard marks < Self.marksPerBase else { return .skip }
    marks += 1
    return .mark(value)
  }

  private mutating func first(_ value: UInt32) -> Step {
    if ScalarClass.isControl(value) || ScalarClass.isHidden(value) { return base(Self.replacement, width: 1) }
    if value == ScalarClass.softHyphen { return base(0x2D, width: 1) }
    if let letter = ScalarClass.letter(ofRegionalIndicator: value) { return base(letter, width: 1) }
    let width = ScalarWidth.of(value)
    if width > 0 { return base(value, width: width) }
    if value == ScalarClass.zeroWidthJoiner || ScalarClass.isDroppedInCluster(value) {
      return base(Self.dottedCircle, width: 1)
    }
    marks = 1
    return .orphan(value)
  }

  private mutating func base(_ value: UInt32, width: Int) -> Step {
    marks = 0
    followsJoiner = false
    return .base(value, width: width)
  }
}

/// The number of cells that a grapheme cluster takes: 1 for most, 2 for wide ones and flags, 1 for each letter of a
/// conjunct or spacing vowel sign in Indic scripts. Never 0.
public func cellWidth(_ character: Character) -> Int {
  let scalars = character.unicodeScalars
  guard let first = scalars.first else { return 0 }
  if first.utf8.count == character.utf8.count {
    return ScalarClass.isHidden(first.value) ? 1 : max(1, ScalarWidth.of(first.value))
  }
  var folding = ClusterFolding()
  var width = 0
  for scalar in scalars {
    let step = folding.next(scalar)
    if step == .stop { break }
    width += step.width
  }
  return width
}

extension ClusterFolding.Step {
  var width: Int {
    switch self {
    case .base(_, let width): width
    case .orphan: 1
    case .mark, .skip, .stop: 0
    }
  }
}
