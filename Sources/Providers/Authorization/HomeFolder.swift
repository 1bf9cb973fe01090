#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A path that begins with `~` or `~NAME`, from the root; any other as it is.
func homeExpanded(_ path: String) -> String {
  guard path.hasPrefix("~") else { return path }
  let name = path.dropFirst().prefix { $0 != "/" }
  let files = FileManager.default
  let home = name.isEmpty ? files.homeDirectoryForCurrentUser : files.homeDirectory(forUser: String(name))
  return home.map { $0.path + path.dropFirst(1 + name.count) } ?? path
}
