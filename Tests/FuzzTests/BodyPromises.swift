import Foundation
import RearviewChat
import RearviewJSON

@testable import RearviewProviders

extension FuzzInput {
  /// The body of an error, and a list of models in the form of one of the protocols.
  func checkBodies() throws(BrokenPromise) {
    let error = ProviderErrorObject(body: bytes)
    let status = error.impliedStatus ?? 400
    try BrokenPromise.unless((400...599).contains(status), "a status of \(status)")
    let failure = ProviderFailure(provider: "P", model: "p/m", redaction: Redaction(secrets: ["sk-secret"]))
    let said = failure.error(status: 400 + pieceSize, headers: ["retry-after": "2"], body: bytes, now: .distantPast)
    try BrokenPromise.unless(!said.description.contains("sk-secret"), "an error tells a key")

    var ids: Set<String> = []
    let models = ListedModel.all(in: bytes, wire: WireProtocol.allCases[pieceSize % WireProtocol.allCases.count])
    for model in models {
      try BrokenPromise.unless(ids.insert(model.id).inserted && !model.id.isEmpty, "two models of one name, or of none")
      try BrokenPromise.unless(model.contextWindow ?? 1 > 0, "a context window of \(model.contextWindow ?? 0)")
      for price in [model.inputPrice ?? 0, model.outputPrice ?? 0] {
        try BrokenPromise.unless(price.isFinite && price >= 0, "a price of \(price)")
      }
    }
  }

  func checkJSON() throws(BrokenPromise) {
    let value: JSONValue
    do throws(JSONSyntaxError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      let isThere =
        lines.indices.contains(error.line - 1) && (1...lines[error.line - 1].count + 1).contains(error.column)
      try BrokenPromise.unless(isThere, "a mistake where no text is: \(error)")
      return
    }
    for indent in [nil, 2] {
      let written = value.bytes(indent: indent)
      try BrokenPromise.unless((try? JSONValue(parsing: written)) == value, "it is not what was written of it")
    }
  }

  /// What the fast way to read a chunk is sure of is what the thorough one reads.
  func checkChunk() throws(BrokenPromise) {
    guard let fast = OpenAIChunk.scanned(bytes) else { return }
    let thorough = OpenAIChunk.parsed(bytes)
    try BrokenPromise.unless(fast == thorough, "the fast way reads \(fast), the thorough one \(thorough as Any)")
  }
}
