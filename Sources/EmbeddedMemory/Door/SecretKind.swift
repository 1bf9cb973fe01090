/// What kind of secret a pattern found.
enum SecretKind: String, Hashable, Sendable, CaseIterable {
  case anthropic = "Anthropic key"
  case openAI = "OpenAI key"
  case openRouter = "OpenRouter key"
  case groq = "Groq key"
  case xAI = "xAI key"
  case perplexity = "Perplexity key"
  case replicate = "Replicate token"
  case google = "Google key"
  case awsAccessKey = "AWS access key"
  case gitHub = "GitHub token"
  case gitLab = "GitLab token"
  case slack = "Slack token"
  case stripe = "Stripe key"
  case huggingFace = "Hugging Face token"
  case npm = "npm token"
  case pyPI = "PyPI token"
  case sendGrid = "SendGrid key"
  case digitalOcean = "DigitalOcean token"
  case vault = "Vault token"
  case databricks = "Databricks token"
  case shopify = "Shopify token"
  case telegram = "Telegram bot token"
  case age = "age key"
  case jsonWebToken = "JSON Web Token"
  case privateKey = "private key"
  /// What stands behind `Authorization:` or `Bearer`.
  case credentials = "credentials"
  case password = "password"
  /// A value that its name calls a key, token or secret.
  case secret = "secret"

  /// What stands in its place.
  var mark: String { "[redacted \(rawValue)]" }
}

/// A text without its secrets.
struct RedactedText: Hashable, Sendable {
  var text: String
  /// What was taken out, in the order of the text; a kind comes as often as it was found.
  var kinds: [SecretKind]
}
