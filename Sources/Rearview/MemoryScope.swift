import Foundation
import RearviewEngine

/// Settings for what runs within `withMemory`, and for the tasks that it starts.
struct MemoryScope: Sendable {
  @TaskLocal static var current: MemoryScope?

  let instance: UUID
  let settings: MemorySettings

  /// Those of the scope that the calling task is in, if it is one of this instance.
  static func settings(of instance: RearviewInstance) -> MemorySettings? {
    guard let current, current.instance == instance.id else { return nil }
    return current.settings
  }
}

extension RearviewInstance {
  /// Runs work with settings of its own: memory is on, in this bank, and everything else is at its default.
  ///
  /// URL and key are those that hold outside, unless `set` changes them; a key never goes along to another URL. Only the
  /// calling task and the tasks that it starts are concerned; scopes may be nested. What is stored in the background
  /// keeps the settings of its own call, also when the scope has been left.
  /// - Throws: what `body` throws; `SettingError`; `HindsightError` for an empty bank.
  public func withMemory<Success: Sendable>(
    bankID: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in },
    _ body: @Sendable () async throws -> Success
  ) async throws -> Success {
    guard !bankID.allSatisfy(\.isWhitespace) else {
      throw HindsightError(
        .configuration, "Hindsight bank_id not set. Call set_defaults(bank_id=...) before enable().")
    }
    var settings = MemorySettings()
    let outer = configuration
    settings.hindsightAPIURL = outer?.hindsightAPIURL
    settings.apiKey = outer == nil ? environmentKey : outer?.apiKey
    settings.bankID = bankID
    try set(&settings)
    settings.keepKeyAtHome(since: outer)
    let scope = MemoryScope(instance: id, settings: try settings.checked())
    return try await MemoryScope.$current.withValue(scope) { try await body() }
  }
}
