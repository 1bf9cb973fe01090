/// Keys and tokens that tell what they are by how they begin.
struct SecretPrefix: Sendable {
  enum Alphabet: Sendable {
    case upperAndDigits, hex, alphanumeric
    /// With `_` and `-`.
    case base64URL
    /// With `.` as well.
    case dotted

    func contains(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39: true
      case 0x41...0x5A: self != .hex
      case 0x61...0x66: self != .upperAndDigits
      case 0x67...0x7A: self != .upperAndDigits && self != .hex
      case UInt8(ascii: "_"), UInt8(ascii: "-"): self == .base64URL || self == .dotted
      case UInt8(ascii: "."): self == .dotted
      default: false
      }
    }
  }

  var kind: SecretKind
  var prefix: [UInt8]
  var alphabet: Alphabet
  /// The least number of characters behind the prefix.
  var count: Int
  /// The greatest; a longer run is something else.
  var most: Int

  private init(_ kind: SecretKind, _ prefix: String, _ alphabet: Alphabet, _ count: Int, most: Int = 8_192) {
    self.kind = kind
    self.prefix = Array(prefix.utf8)
    self.alphabet = alphabet
    self.count = count
    self.most = most
  }

  /// The patterns that begin with a byte, longer prefixes first.
  static let byFirst: [[SecretPrefix]] = {
    var table = [[SecretPrefix]](repeating: [], count: 256)
    for pattern in all.sorted(by: { $0.prefix.count > $1.prefix.count }) {
      if let first = pattern.prefix.first { table[Int(first)].append(pattern) }
    }
    return table
  }()

  /// From the providers' own documentation and the rules of gitleaks and TruffleHog.
  private static let all: [SecretPrefix] = [
    SecretPrefix(.anthropic, "sk-ant-", .base64URL, 20),
    SecretPrefix(.openRouter, "sk-or-v1-", .base64URL, 32),
    SecretPrefix(.openRouter, "sk-or-", .base64URL, 32),
    SecretPrefix(.openAI, "sk-proj-", .base64URL, 20),
    SecretPrefix(.openAI, "sk-svcacct-", .base64URL, 20),
    SecretPrefix(.openAI, "sk-admin-", .base64URL, 20),
    // The old form, and that of many who copy it.
    SecretPrefix(.openAI, "sk-", .base64URL, 20),
    SecretPrefix(.groq, "gsk_", .alphanumeric, 32),
    SecretPrefix(.xAI, "xai-", .base64URL, 32),
    SecretPrefix(.perplexity, "pplx-", .alphanumeric, 32),
    SecretPrefix(.replicate, "r8_", .alphanumeric, 32),
    SecretPrefix(.google, "AIza", .base64URL, 35, most: 39),
    SecretPrefix(.google, "ya29.", .base64URL, 20),
    SecretPrefix(.google, "GOCSPX-", .base64URL, 24),
    SecretPrefix(.awsAccessKey, "AKIA", .upperAndDigits, 16, most: 16),
    SecretPrefix(.awsAccessKey, "ASIA", .upperAndDigits, 16, most: 16),
    SecretPrefix(.awsAccessKey, "ABIA", .upperAndDigits, 16, most: 16),
    SecretPrefix(.awsAccessKey, "ACCA", .upperAndDigits, 16, most: 16),
    SecretPrefix(.gitHub, "ghp_", .alphanumeric, 30), SecretPrefix(.gitHub, "gho_", .alphanumeric, 30),
    SecretPrefix(.gitHub, "ghu_", .alphanumeric, 30), SecretPrefix(.gitHub, "ghs_", .alphanumeric, 30),
    SecretPrefix(.gitHub, "ghr_", .alphanumeric, 30), SecretPrefix(.gitHub, "github_pat_", .base64URL, 22),
    SecretPrefix(.gitLab, "glpat-", .dotted, 20), SecretPrefix(.gitLab, "gldt-", .base64URL, 20),
    SecretPrefix(.gitLab, "glrt-", .base64URL, 20), SecretPrefix(.gitLab, "glptt-", .base64URL, 20),
    SecretPrefix(.gitLab, "glcbt-", .base64URL, 20), SecretPrefix(.gitLab, "gloas-", .base64URL, 20),
    SecretPrefix(.slack, "xoxb-", .base64URL, 20), SecretPrefix(.slack, "xoxp-", .base64URL, 20),
    SecretPrefix(.slack, "xoxa-", .base64URL, 20), SecretPrefix(.slack, "xoxr-", .base64URL, 20),
    SecretPrefix(.slack, "xoxs-", .base64URL, 20), SecretPrefix(.slack, "xoxe.", .dotted, 20),
    SecretPrefix(.slack, "xoxe-", .base64URL, 20), SecretPrefix(.slack, "xapp-", .base64URL, 20),
    SecretPrefix(.stripe, "sk_live_", .alphanumeric, 16), SecretPrefix(.stripe, "sk_test_", .alphanumeric, 16),
    SecretPrefix(.stripe, "rk_live_", .alphanumeric, 16), SecretPrefix(.stripe, "rk_test_", .alphanumeric, 16),
    SecretPrefix(.stripe, "whsec_", .alphanumeric, 24),
    SecretPrefix(.huggingFace, "hf_", .alphanumeric, 30), SecretPrefix(.huggingFace, "api_org_", .alphanumeric, 30),
    SecretPrefix(.npm, "npm_", .alphanumeric, 30), SecretPrefix(.pyPI, "pypi-AgEI", .base64URL, 40),
    SecretPrefix(.sendGrid, "SG.", .dotted, 60), SecretPrefix(.digitalOcean, "dop_v1_", .hex, 40),
    SecretPrefix(.digitalOcean, "doo_v1_", .hex, 40), SecretPrefix(.vault, "hvs.", .base64URL, 24),
    SecretPrefix(.vault, "hvb.", .base64URL, 24), SecretPrefix(.databricks, "dapi", .hex, 32, most: 34),
    SecretPrefix(.shopify, "shpat_", .hex, 32), SecretPrefix(.shopify, "shpss_", .hex, 32),
    SecretPrefix(.shopify, "shpca_", .hex, 32), SecretPrefix(.age, "AGE-SECRET-KEY-1", .upperAndDigits, 40),
  ]
}
