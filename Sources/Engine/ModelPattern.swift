import Foundation

/// Whether a model's name, as it was given, fits one of these shell patterns (`*`, `?`, `[ab]`, `[!ab]`), without
/// regard to case. A prefix counts: `gpt-4*` does not fit `openai/gpt-4o`.
func isExcluded(_ model: String, by patterns: [String]) -> Bool {
  patterns.contains { fnmatch($0.lowercased(), model.lowercased(), FNM_NOESCAPE) == 0 }
}
