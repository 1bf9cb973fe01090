import RearviewMemory

/// - Throws: `MemoryStoreError.emptyText` for a text of nothing but blanks.
func requireText(_ text: String) throws {
  if text.allSatisfy(\.isWhitespace) { throw MemoryStoreError.emptyText }
}
