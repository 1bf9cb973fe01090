import RearviewChat

/// What stands before a text because its model was trained so; without it, a query and its documents lie further apart.
///
/// Only families whose model cards ask for it: nomic-embed-text and E5 for both uses, the others for queries. Where the
/// server is given the bare text, no one else adds it: neither Ollama nor the OpenAI protocol knows of uses.
struct EmbeddingInstruction: Hashable, Sendable {
  var query = ""
  var document = ""

  /// - Parameter model: The name at the provider, with or without an owner and a tag (`intfloat/e5-small-v2`,
  ///   `nomic-embed-text:latest`).
  init(model: String) {
    let name = (model.split(separator: "/").last ?? "").lowercased()
    if name.hasPrefix("nomic-embed-text") {
      (query, document) = ("search_query: ", "search_document: ")
    } else if ["e5-small", "e5-base", "e5-large", "multilingual-e5"].contains(where: name.hasPrefix),
      !name.hasSuffix("instruct")
    {
      (query, document) = ("query: ", "passage: ")
    } else if name.hasPrefix("embeddinggemma") {
      (query, document) = ("task: search result | query: ", "title: none | text: ")
    } else if name.hasPrefix("snowflake-arctic-embed2") || name.hasPrefix("snowflake-arctic-embed-l-v2")
      || name.hasPrefix("snowflake-arctic-embed-m-v2")
    {
      query = "query: "
    } else if name.hasPrefix("mxbai-embed-large") || name.hasPrefix("snowflake-arctic-embed") {
      query = "Represent this sentence for searching relevant passages: "
    }
  }

  func before(_ use: EmbeddingUse) -> String {
    switch use {
    case .query: query
    case .document: document
    }
  }
}
