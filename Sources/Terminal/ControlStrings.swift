#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The bytes that are written beside curses. Curses guards its own cells; here nothing does but this file.
enum ControlStrings {
  static let titleLimit = 80
  /// Bytes of base64; more made old xterms drop the whole sequence.
  static let clipboardLimit = 74_994

  static let beginSynchronizedUpdate = Array("\u{1B}[?2026h".utf8)
  static let endSynchronizedUpdate = Array("\u{1B}[?2026l".utf8)

  static func title(_ title: String) -> [UInt8] { Array("\u{1B}]2;\(sanitizedTitle(title))\u{7}".utf8) }

  /// Nothing that ends the sequence, hides or turns the text around.
  static func sanitizedTitle(_ title: String) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in title.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: continue
      default: kept.append(scalar)
      }
    }
    return String(String(kept).prefix(titleLimit))
  }

  static func clipboard(_ text: String) -> [UInt8]? {
    let encoded = Data(text.utf8).base64EncodedString()
    guard encoded.utf8.count <= clipboardLimit else { return nil }
    return Array("\u{1B}]52;c;\(encoded)\u{7}".utf8)
  }
}
