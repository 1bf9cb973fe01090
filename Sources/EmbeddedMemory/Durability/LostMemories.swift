import Foundation
import GRDB

/// The rows of `memory` that stand in a file, whether or not the way to them from the table's first page is whole.
///
/// A page of rows tells by itself what stands in it (https://www.sqlite.org/fileformat2.html). A row is taken for a
/// memory where its number holds its bank, which no other table's does. What was deleted is not found: the file is
/// written with `secure_delete`.
struct LostMemories {
  /// A row: its number, and its values in the order of the table's columns. An older row has fewer of them.
  struct Record {
    let row: Int64
    let values: [DatabaseValue]
  }

  private let file: Data
  private let pageSize: Int
  /// What of a page holds rows; the rest is kept free at its end.
  private let usable: Int

  /// - Returns: `nil` where the file does not begin as a database does.
  init?(path: String) {
    guard let file = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped), file.count > 100,
      file.prefix(15) == Data("SQLite format 3".utf8)
    else { return nil }
    let size = Int(file[16]) << 8 | Int(file[17])
    pageSize = size == 1 ? 65_536 : size
    usable = pageSize - Int(file[20])
    guard pageSize >= 512, pageSize.nonzeroBitCount == 1, usable >= 480 else { return nil }
    self.file = file
  }

  /// Calls `body` with each.
  func each(_ body: (Record) throws -> Void) rethrows {
    // The first page holds the list of tables only.
    for page in 1..<max(file.count / pageSize, 1) {
      let start = page * pageSize
      guard file[start] == 0x0D else { continue }
      let count = integer(at: start + 3, bytes: 2)
      guard 8 + 2 * count <= usable else { continue }
      for cell in 0..<count {
        let offset = integer(at: start + 8 + 2 * cell, bytes: 2)
        guard offset >= 8 + 2 * count, offset < usable else { continue }
        if let record = record(at: start + offset, end: start + usable), isMemory(record) { try body(record) }
      }
    }
  }

  private func isMemory(_ record: Record) -> Bool {
    guard record.row >> MemorySchema.memoriesPerBankBits > 0, record.values.count > 12, record.values[0].isNull,
      let bank = Int64.fromDatabaseValue(record.values[2]), case .blob(let uid) = record.values[1].storage
    else { return false }
    return bank == record.row >> MemorySchema.memoriesPerBankBits && uid.count == 16
  }

  // MARK: - Reading

  private func record(at start: Int, end: Int) -> Record? {
    var place = start
    guard let size = varint(&place, end), let row = varint(&place, end), size > 0, size <= file.count,
      let payload = payload(Int(size), at: place, end: end)
    else { return nil }
    var header = payload.startIndex
    guard let headerSize = Self.varint(payload, &header, payload.endIndex),
      (1...Int64(payload.count)).contains(headerSize)
    else {
      return nil
    }
    var value = payload.startIndex + Int(headerSize)
    let headerEnd = value
    var values: [DatabaseValue] = []
    while header < headerEnd {
      guard let type = Self.varint(payload, &header, headerEnd),
        let found = Self.value(type, in: payload, &value)
      else { return nil }
      values.append(found)
    }
    return Record(row: row, values: values)
  }

  /// The bytes of a row, with those that did not fit on its page.
  private func payload(_ size: Int, at start: Int, end: Int) -> Data? {
    guard size > usable - 35 else {
      return start + size <= end ? Data(file[start..<start + size]) : nil
    }
    let least = (usable - 12) * 32 / 255 - 23
    let fitting = least + (size - least) % (usable - 4)
    let here = fitting <= usable - 35 ? fitting : least
    guard start + here + 4 <= end else { return nil }
    var payload = Data(file[start..<start + here])
    var next = integer(at: start + here, bytes: 4)
    while payload.count < size {
      guard next > 1, next * pageSize <= file.count else { return nil }
      let page = (next - 1) * pageSize
      payload += file[page + 4..<page + 4 + min(usable - 4, size - payload.count)]
      next = integer(at: page, bytes: 4)
    }
    return payload
  }

  private static func value(_ type: Int64, in payload: Data, _ place: inout Int) -> DatabaseValue? {
    let sizes: [Int64: Int] = [1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8]
    let size: Int
    switch type {
    case 0, 8, 9: size = 0
    case 1...7: size = sizes[type] ?? 0
    case 12...: size = Int((type - 12) / 2)
    default: return nil
    }
    guard size <= payload.endIndex - place else { return nil }
    let bytes = payload[place..<place + size]
    place += size
    switch type {
    case 0: return .null
    case 8, 9: return (type - 8).databaseValue
    case 7: return Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) }).databaseValue
    case 1...6:
      let unsigned = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let shift = 64 - 8 * size
      return (Int64(bitPattern: unsigned << UInt64(shift)) >> Int64(shift)).databaseValue
    default:
      if type.isMultiple(of: 2) { return Data(bytes).databaseValue }
      return String(bytes: bytes, encoding: .utf8)?.databaseValue
    }
  }

  private func integer(at place: Int, bytes: Int) -> Int {
    (0..<bytes).reduce(0) { $0 << 8 | Int(file[place + $1]) }
  }

  private func varint(_ place: inout Int, _ end: Int) -> Int64? { Self.varint(file, &place, end) }

  private static func varint(_ bytes: Data, _ place: inout Int, _ end: Int) -> Int64? {
    var value: UInt64 = 0
    for count in 1...9 {
      guard place < end else { return nil }
      let byte = UInt64(bytes[place])
      place += 1
      if count == 9 { return Int64(bitPattern: value << 8 | byte) }
      value = value << 7 | byte & 0x7F
      if byte < 0x80 { return Int64(bitPattern: value) }
    }
    return nil
  }
}
