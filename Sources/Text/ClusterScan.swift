/// Walks over the grapheme clusters of a text by UTF-8 offset, without making a `Character` of plain ASCII.
///
/// An ASCII byte whose neighbours are ASCII too is a cluster by itself (the sanitiser leaves no CR LF). Only runs
/// around other scalars are segmented by the standard library. Either closure ends the walk by returning `false`.
@inline(__always)
func forEachCluster(
  of text: String,
  ascii: (_ offset: Int, _ byte: UInt8) -> Bool,
  cluster: (_ offset: Int, _ length: Int, _ character: Character) -> Bool
) {
  var text = text
  text.withUTF8 { forEachCluster(in: $0, ascii: ascii, cluster: cluster) }
}

@inline(__always)
func forEachCluster(
  in bytes: UnsafeBufferPointer<UInt8>,
  ascii: (_ offset: Int, _ byte: UInt8) -> Bool,
  cluster: (_ offset: Int, _ length: Int, _ character: Character) -> Bool
) {
  var offset = 0
  while offset < bytes.count {
    let byte = bytes[offset]
    if byte < 0x80, offset + 1 == bytes.count || bytes[offset + 1] < 0x80 {
      guard ascii(offset, byte) else { return }
      offset += 1
      continue
    }
    let end = endOfMixedRun(in: bytes, from: offset)
    for character in String(decoding: UnsafeBufferPointer(rebasing: bytes[offset..<end]), as: UTF8.self) {
      let length = character.utf8.count
      if length == 1 {
        guard ascii(offset, bytes[offset]) else { return }
      } else {
        guard cluster(offset, length, character) else { return }
      }
      offset += length
    }
  }
}

/// The end of a run in which every byte is beyond ASCII or stands beside one that is. The ASCII byte after the last
/// such scalar belongs to it, since a prepended mark (U+0600) joins with what follows.
private func endOfMixedRun(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
  var offset = start + 1
  while offset < bytes.count, !(bytes[offset] < 0x80 && bytes[offset - 1] < 0x80) { offset += 1 }
  return offset
}
