/// The protocols that this program speaks, by the names that `config.toml` and the table have for them.
public enum WireProtocol: String, CaseIterable, Codable, Sendable {
  case openAIChat = "openai-chat"
  case openAIResponses = "openai-responses"
  case anthropicMessages = "anthropic-messages"
  case azureOpenAI = "azure-openai"
  case gemini
  case vertex
  case bedrockConverse = "bedrock-converse"
  case ollama
}
