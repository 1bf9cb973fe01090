#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Lists of models that providers gave, kept for a day in a file: asking takes a second, and lists change by the week.
actor ModelLists {
  private struct Entry: Codable {
    var at: Date
    var models: [ListedModel]
  }

  private static let lifetime: TimeInterval = 24 * 3600

  private let path: String?
  private var entries: [String: Entry]?

  init(path: String?) { self.path = path }

  /// The list of a place, if it is not older than a day.
  func list(of place: String, now: Date = Date()) -> [ListedModel]? {
    load()
    guard let entry = entries?[place], (0..<Self.lifetime).contains(now.timeIntervalSince(entry.at)) else { return nil }
    return entry.models
  }

  /// Keeps the list of a place. Another program that writes at the same time costs one of the two lists, which is asked
  /// for again then.
  func keep(_ models: [ListedModel], of place: String, now: Date = Date()) {
    entries = nil
    load()
    entries?[place] = Entry(at: now, models: models)
    guard let path, let data = try? JSONEncoder().encode(entries) else { return }
    let new = path + ".\(ProcessInfo.processInfo.processIdentifier)"
    guard FileManager.default.createFile(atPath: new, contents: data, attributes: [.posixPermissions: 0o600]) else {
      return
    }
    if rename(new, path) != 0 { try? FileManager.default.removeItem(atPath: new) }
  }

  private func load() {
    guard entries == nil else { return }
    let data = path.flatMap { FileManager.default.contents(atPath: $0) }
    // A file that cannot be read holds nothing that could not be asked for again.
    entries = data.flatMap { try? JSONDecoder().decode([String: Entry].self, from: $0) } ?? [:]
  }
}
