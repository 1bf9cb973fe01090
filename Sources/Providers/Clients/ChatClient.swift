import RearviewChat

/// A provider as a program holds it: what it is asked in, and its models by the provider's own names.
///
/// ```swift
/// let client = OpenAIClient()
/// let request = ChatRequest(messages: [Message(.user, "Hello")], isCompletable: false)
/// var answer = ""
/// for try await event in client.model("gpt-4o-mini").stream(request) {
///   if case .text(let text) = event { answer += text }
/// }
/// ```
public protocol ChatClient: Sendable {
  /// The form of the requests that a program writes for it.
  var form: ChatRequest.Form { get }

  /// The model of that name, which is sent as it is and is the model's `name` too. A missing key shows when the model
  /// is asked, not here.
  func model(_ name: String) -> any ChatModel
}
