/// Names that say that their value is a secret: `OPENAI_API_KEY`, `password`, `"client_secret"`.
enum SecretLabel {
  /// Without `_`, `-`, `.` and blanks, since these are written in many ways.
  private static let passwords: Set<String> = [
    "password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "contraseña", "motdepasse", "pgpassword",
    "passcode",
  ]
  private static let endings = [
    "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey",
    "authkey", "accountkey", "signingkey", "encryptionkey", "masterkey", "sharedaccesskey", "licensekey", "credential",
    "credentials", "secretaccesskey", "clientsecret", "appsecret", "passwort", "webhooksecret",
  ]
  private static let headers: Set<String> = [
    "authorization", "proxyauthorization", "xapikey", "xauthtoken", "cookie", "setcookie",
  ]
  /// They count what others hide, or are not worth hiding.
  private static let harmless: Set<String> = [
    "maxtoken", "numtoken", "nexttoken", "pagetoken", "stoptoken", "eostoken",
  ]

  enum Meaning { case password, secret, header }

  static func meaning(_ label: ArraySlice<UInt8>) -> Meaning? {
    var folded: [UInt8] = []
    for byte in label {
      switch byte {
      case 0x41...0x5A: folded.append(byte | 0x20)
      case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x20: break
      default: folded.append(byte)
      }
    }
    let name = String(decoding: folded, as: UTF8.self)
    if headers.contains(name) { return .header }
    if passwords.contains(name) || name.hasSuffix("password") || name.hasSuffix("passphrase")
      || name.hasSuffix("passwd")
    {
      return .password
    }
    guard !harmless.contains(name) else { return nil }
    return endings.contains { name.hasSuffix($0) } ? .secret : nil
  }

  /// Words in place of a value, in instructions and templates.
  private static let placeholders = [
    "your", "example", "changeme", "placeholder", "redacted", "xxxx", "****", "....", "insert", "replace", "dummy",
    "undefined", "required", "optional", "string", "process.env", "os.environ", "getenv", "secrets.",
  ]

  /// Whether a value could be a secret: long enough, of several kinds of characters, no placeholder, no code.
  ///
  /// - Parameter isQuoted: Whether it stands in quotation marks, where code would not.
  static func isSecret(_ value: ArraySlice<UInt8>, _ meaning: Meaning, isQuoted: Bool) -> Bool {
    guard let first = value.first, value.count >= (meaning == .password ? 6 : 8), value.count <= 4_096 else {
      return false
    }
    if "[<{$%*".utf8.contains(first) { return false }
    let text = String(decoding: value, as: UTF8.self).lowercased()
    if placeholders.contains(where: { text.contains($0) }) { return false }
    if !isQuoted, value.contains(UInt8(ascii: "(")) { return false }
    var (large, small, digits, others) = (0, 0, 0, 0)
    for byte in value {
      switch byte {
      case 0x30...0x39: digits += 1
      case 0x41...0x5A: large += 1
      case 0x61...0x7A: small += 1
      case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): break
      default: others += 1
      }
    }
    let letters = large + small
    if letters == 0 { return meaning == .password ? digits >= 6 : digits >= 24 }
    if Set(value).count < 4 { return false }
    if digits > 0 || others > 0 { return true }
    // Letters alone: mixed, and too long for a word.
    return large > 1 && small > 1 && value.count >= 16 && !value.contains(UInt8(ascii: "."))
  }
}
