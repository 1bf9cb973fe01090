import Foundation
import Testing

@testable import RearviewEmbeddedMemory

/// Every secret here is made up.
@Suite("The door")
struct DoorTests {
  @Test(
    "a secret is gone, and its kind stands in its place",
    arguments: [
      ("my key is sk-proj-abcDEF1234567890abcDEF1234567890 ok", "my key is [redacted OpenAI key] ok"),
      ("sk-ant-api03-madeUpMadeUp1234567890-xyz.", "[redacted Anthropic key]."),
      ("sk-or-v1-0123456789abcdef0123456789abcdef01234567", "[redacted OpenRouter key]"),
      ("OPENAI_API_KEY=sk-madeup1234567890abcdefghij", "OPENAI_API_KEY=[redacted OpenAI key]"),
      ("gsk_MadeUp1234567890MadeUp1234567890MadeUp12345678", "[redacted Groq key]"),
      ("AIzaSyMadeUp_1234567890-abcdefghijklmno1", "[redacted Google key]"),
      ("(AKIAMADEUPKEY1234567)", "([redacted AWS access key])"),
      ("aws_secret_access_key = wJalrMADEUP/K7MDENG/bPxRfiCYMADEUPKEY", "aws_secret_access_key = [redacted secret]"),
      ("ghp_MadeUp1234567890MadeUp1234567890abcd", "[redacted GitHub token]"),
      ("github_pat_11MADEUP0123456789_abcdefghijklmnop", "[redacted GitHub token]"),
      ("glpat-MadeUp1234567890abcd", "[redacted GitLab token]"),
      ("xoxb-123456789012-MadeUpMadeUp12", "[redacted Slack token]"),
      ("sk_live_MadeUp1234567890MadeUp", "[redacted Stripe key]"),
      ("hf_MadeUpMadeUp1234567890MadeUpMadeUp", "[redacted Hugging Face token]"),
      (
        "//registry/:_authToken=npm_MadeUp1234567890MadeUp1234567890abcd", "//registry/:_authToken=[redacted npm token]"
      ),
      ("123456789:AAMadeUpMadeUpMadeUpMadeUp123456789", "[redacted Telegram bot token]"),
      (
        "a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYWRlLXVwIn0.bWFkZS11cC1zaWduYXR1cmU b", "a [redacted JSON Web Token] b"
      ),
      (
        "x\n-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES\n\nMIIMadeUp+/=\n-----END RSA PRIVATE KEY-----\ny",
        "x\n[redacted private key]\ny"
      ),
      ("-----BEGIN OPENSSH PRIVATE KEY-----\nbWFkZS11cA==\n\n", "[redacted private key]"),
      ("Authorization: Bearer madeup1234567890", "Authorization: Bearer [redacted credentials]"),
      ("-H \"Authorization: Basic bWFkZTp1cA==\" x", "-H \"Authorization: Basic [redacted credentials]\" x"),
      ("-H 'X-Api-Key: madeup-12345678'", "-H 'X-Api-Key: [redacted credentials]'"),
      ("send Bearer madeup1234567890madeup along", "send Bearer [redacted credentials] along"),
      ("password=hunter22", "password=[redacted password]"),
      ("\"password\": \"S3cret! made-up\",", "\"password\": \"[redacted password]\","),
      ("config[\"password\"] = \"made.Up-99\"", "config[\"password\"] = \"[redacted password]\""),
      ("DB_PASSWORD: 'made.Up-99'", "DB_PASSWORD: '[redacted password]'"),
      ("my password is hunter22.", "my password is [redacted password]."),
      ("mein Passwort ist hunter22", "mein Passwort ist [redacted password]"),
      ("my api key is made-up-123456", "my api key is [redacted secret]"),
      ("client_secret: made0up0made0up", "client_secret: [redacted secret]"),
      ("--token madeup123456789 --verbose", "--token [redacted secret] --verbose"),
      ("postgres://anna:madeup1@localhost:5432/db", "postgres://anna:[redacted password]@localhost:5432/db"),
      ("https://anna:pa@ss@host.example/x", "https://anna:[redacted password]@host.example/x"),
      ("redis://:madeup1@host", "redis://:[redacted password]@host"),
      ("Server=db;Password=MadeUp123!;Encrypt=yes", "Server=db;Password=[redacted password];Encrypt=yes"),
      (
        "https://x.example/cb?access_token=madeup12345678&state=1",
        "https://x.example/cb?access_token=[redacted secret]&state=1"
      ),
      ("AccountKey=bWFkZXVwbWFkZXVwbWFkZXVw1234==;", "AccountKey=[redacted secret];"),
      ("Schlüssel: ghp_MadeUp1234567890MadeUp1234567890abcd 👍", "Schlüssel: [redacted GitHub token] 👍"),
    ])
  func redacted(_ text: String, _ expected: String) {
    let redacted = Door.redacted(text)
    #expect(redacted.text == expected)
    #expect(redacted.kinds.count == 1)
    #expect(Door.redacted(redacted.text) == RedactedText(text: expected, kinds: []))
  }

  @Test(
    "what is no secret stays",
    arguments: [
      "commit 3f786850e387550fdab836ed7e6dc881de23001b", "id 123e4567-e89b-12d3-a456-426614174000",
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
      "password: please reset it", "The password is stored in the vault.", "Tokens are cheap: token prices fell 2023.",
      "max_tokens: 4096 and token_count=12345678", "token: str = tokenizer.next_token()",
      "let token = lexer.nextToken()", "password = os.environ[\"DB_PASSWORD\"]", "password=${DB_PASSWORD}",
      "api_key: <your key>", "API_KEY=your-api-key-1234", "sk-this-is-a-long-css-class-name-for-you",
      "the secret: nobody knows about it", "http://localhost:8080/@anna", "https://example.com/@anna:b",
      "-----BEGIN PUBLIC KEY-----\nMIIMadeUp\n-----END PUBLIC KEY-----", "AKIAMADEUPKEY123456", "hf_short1",
      "Bearer of good news 2023", "The bearer authentication failed", "at 10:30 we met: Anna, Tom", "a == b, c => d",
      "eyJust a joke.", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "",
      "secret: \u{1F92B}", "key: value1234567",
    ])
  func kept(_ text: String) {
    #expect(Door.redacted(text) == RedactedText(text: text, kinds: []))
  }

  @Test("all secrets of a text are found, in order")
  func several() {
    let text = "password=hunter22 and AKIAMADEUPKEY1234567\nhttps://a:made1up@b.example password=hunter22"
    let redacted = Door.redacted(text)
    #expect(redacted.kinds == [.password, .awsAccessKey, .password, .password])
    #expect(!redacted.text.contains("hunter22") && !redacted.text.contains("made1up"))
  }

  @Test("whatever a text holds, redacting it again changes nothing")
  func idempotent() {
    let pieces = [
      "password", "=", ": ", "token", " ", "sk-", "MadeUp1234567890MadeUp1234567890", "://", "a:", "@b", "\"", "'",
      "eyJ",
      ".", "Bearer ", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\n", "é", " is ", "--", "[redacted",
      "]",
      "AKIA", "123456789:",
    ]
    var random = Seeded(state: 11)
    for _ in 0..<5_000 {
      let text = (0..<random.next(14)).map { _ in pieces[random.next(pieces.count)] }.joined()
      let once = Door.redacted(text).text
      #expect(Door.redacted(once).text == once, "\(text)")
    }
  }

  @Test("a text of megabytes is read in a time that grows with it", .timeLimit(.minutes(1)))
  func long() {
    for piece in [
      "password=", "a://", "-----BEGIN PRIVATE KEY-----", "eyJ.", "token=your", "> ",
      "<memories>\n# Relevant Memories\n",
      "# Relevant Context from Memory\n\n\n", "1. [WORLD] a\n",
    ] {
      let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
      _ = Door.redacted(text)
      _ = Door.withoutMemoryBlock(text)
    }
  }

  // MARK: - The memory block

  static let recall = """
    # Relevant Memories
    The following information from memory may be relevant:

    1. [WORLD] Anna lives in Berlin.
       It is a big city.
    3. [EXPERIENCE] I told Tom about it.
    """
  static let dated = """
    # Relevant Memories
    Current date/time: 2026-01-10 09:00:00 UTC
    The following information from memory may be relevant:

    1. [WORLD] (mentioned: 2026-01-01T09:00:00Z) [source: chat] Anna lives in Berlin. (a=b)
    """
  static let reflection = "# Relevant Context from Memory\nAnna lives in Berlin.\n\n- She likes it."

  static let blocks = [
    recall, dated, reflection, "<memories>\n\(recall)\n</memories>",
    "<memories>\n\(reflection)\n\nAnd more of it.\n\n</memories>",
  ]

  static func quoted(_ text: String, _ mark: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { mark + $0 }.joined(separator: "\n")
  }

  @Test("our own block goes, and what the user said stays", arguments: blocks)
  func block(_ block: String) {
    #expect(Door.withoutMemoryBlock(block) == "")
    #expect(Door.withoutMemoryBlock(block + "\n\nWhere does Anna live?") == "Where does Anna live?")
    #expect(Door.withoutMemoryBlock("You are kind.\n\n" + block) == "You are kind.")
    let middle = "You are kind.\n\n\(block)\n\nWhere does Anna live?\n1. Berlin\n2. Bonn\n"
    #expect(Door.withoutMemoryBlock(middle) == "You are kind.\n\nWhere does Anna live?\n1. Berlin\n2. Bonn\n")
    for mark in ["> ", ">", "> > ", "  > "] {
      let text = "You said:\n\(Self.quoted(block, mark))\nIs that so?"
      #expect(Door.withoutMemoryBlock(text) == "You said:\nIs that so?", "\(mark)")
    }
    let windows = middle.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(
      Door.withoutMemoryBlock(windows) == "You are kind.\r\n\r\nWhere does Anna live?\r\n1. Berlin\r\n2. Bonn\r\n")
  }

  @Test("a line that is a quoted recall goes")
  func line() {
    let text = "I know this:\n2. [OBSERVATION] Anna moved.\n   Twice.\nIs it true?"
    #expect(Door.withoutMemoryBlock(text) == "I know this:\nIs it true?")
  }

  @Test(
    "what only looks like the block stays",
    arguments: [
      "# Relevant Memories\nMy summer in Rome was warm.", "## Relevant Memories", "My # Relevant Memories are gone",
      "<memories>\nof a life\n</memories>", "1. [link](https://example.com)\n2. [x] done", "1. [World] news", "",
      "The following information from memory may be relevant:", "> quoted\n\nby me", "a\n\n\nb\n",
    ])
  func other(_ text: String) {
    #expect(Door.withoutMemoryBlock(text) == text)
  }

  // MARK: - Tools

  @Test("of a tool's long answer the beginning stays, with what was left out")
  func toolResults() {
    let short = String(repeating: "é", count: Door.toolResultLimit)
    #expect(Door.storedToolResult(short) == short)

    let lines = (0..<4_000).map { "line \($0)" }.joined(separator: "\n")
    let stored = Door.storedToolResult(lines)
    #expect(stored.hasPrefix("line 0\nline 1\n"))
    #expect(stored.unicodeScalars.count < Door.toolResultHead + 100)
    let rows = stored.split(separator: "\n")
    let head = rows.dropLast().joined(separator: "\n")
    #expect(lines.hasPrefix(head + "\n"))
    let left = lines.unicodeScalars.count - head.unicodeScalars.count
    #expect(rows.last?.hasPrefix("[\(left) more characters left out; FNV-1a ") == true)
    #expect(Door.storedToolResult(stored) == stored)
    #expect(Door.storedToolResult(lines + "!") != stored)

    let family = String(repeating: "👩‍👩‍👧‍👦", count: 3_000)
    let cut = Door.storedToolResult(family).split(separator: "\n")[0]
    #expect(cut.allSatisfy { $0 == "👩‍👩‍👧‍👦" })
  }
}
