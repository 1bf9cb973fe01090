import Foundation
import RearviewChat
import RearviewEmbeddedMemory
import RearviewMemory

// A process of its own for the tests of the embedded memory:
//
//   MemoryCrashChild retain PATH LABEL COUNT   retains turns `LABEL-0`, `LABEL-1`, …; prints each once acknowledged
//   MemoryCrashChild work PATH                 does the background work; prints each call of its model
//   MemoryCrashChild hold PATH                 has the file open until it is killed; prints when it has
//   MemoryCrashChild embed PATH                embeds what is missing; prints each batch
//   MemoryCrashChild open PATH                 opens the file, and migrates it if need be; prints when it has
//   MemoryCrashChild import PATH FILE          imports an export, prints how far it is after each batch
//   MemoryCrashChild busy PATH LABEL SECONDS   retains, edits, invalidates, recalls; prints each turn once acknowledged
//   MemoryCrashChild read-only PATH            as a user who may not write: prints what recall and retain do

/// Straight to the descriptor: a line that was printed must be out before the next turn begins.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

func retain(path: String, label: String, count: Int) async throws {
  let store = try await EmbeddedMemory.open(path: path, busyTimeout: .seconds(60))
  for number in 0..<count {
    let turnID = "\(label)-\(number)"
    let messages = [
      RetainedMessage(speaker: .user, text: "Question \(number) of \(label): what is a lantern?", saidAt: Date()),
      RetainedMessage(
        speaker: .assistant,
        text: "Answer \(number) of \(label): " + String(repeating: "a lantern is a lamp. ", count: number % 90),
        saidAt: Date()),
    ]
    try await store.retain(
      RetainTurn(bankID: "crash", turnID: turnID, documentID: label, messages: messages))
    say(turnID)
  }
}

/// Does all that a person may do with memories, for so long, and leaves every turn but those that it invalidated valid.
func busy(path: String, label: String, seconds: Double) async throws {
  let store = try await EmbeddedMemory.open(path: path, busyTimeout: .seconds(60))
  let end = ContinuousClock.now + .seconds(seconds)
  var number = 0
  while ContinuousClock.now < end {
    let turnID = "\(label)-\(number)"
    let message = RetainedMessage(
      speaker: .user, text: "Note \(number) of \(label) is about a lantern.", saidAt: Date())
    try await store.retain(RetainTurn(bankID: "busy", turnID: turnID, documentID: label, messages: [message]))
    let query = RecallQuery(bankID: "busy", text: "note \(number) of \(label)")
    let found = try await store.recall(query).memories.map(\.memory).first { $0.turnID == turnID }
    switch (number % 4, found?.id) {
    case (1, let id?): _ = try await store.edit(id: id, bankID: "busy", text: "Edited \(number) of \(label), a lamp.")
    case (2, let id?): _ = try await store.invalidate(id: id, bankID: "busy", reason: "busy")
    case (3, let id?):
      _ = try await store.invalidate(id: id, bankID: "busy", reason: "busy")
      _ = try await store.restore(id: id, bankID: "busy")
    default: break
    }
    if number.isMultiple(of: 25) {
      try await store.retain(
        RetainTurn(bankID: "gone-\(label)", turnID: turnID, documentID: label, messages: [message]))
      try await store.deleteBank(id: "gone-\(label)")
    }
    say(found == nil ? "unfound \(turnID)" : turnID)
    number += 1
  }
}

func readOnly(path: String) async throws {
  // Permissions do not bind root.
  if geteuid() == 0 {
    guard setgid(65534) == 0, setuid(65534) == 0 else { exit(3) }
  }
  let store = try await EmbeddedMemory.open(path: path)
  say("read-only: \(store.isReadOnly)")
  let found = try await store.recall(RecallQuery(bankID: "bank", text: "lantern"))
  say("recalled: \(found.memories.map(\.memory.text))")
  do {
    let message = RetainedMessage(speaker: .user, text: "A second lantern.", saidAt: Date())
    try await store.retain(RetainTurn(bankID: "bank", turnID: "new", documentID: "d", messages: [message]))
    say("retained")
  } catch MemoryStoreError.readOnly(path) {
    say("retain: read-only")
  }
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "retain" where arguments.count == 5:
  try await retain(path: arguments[2], label: arguments[3], count: Int(arguments[4]) ?? 0)
case "work" where arguments.count == 3:
  let store = try await EmbeddedMemory.open(path: arguments[2], busyTimeout: .seconds(60))
  _ = try await Worker(store: store, model: QuotingModel()).runUntilIdle(ignoringDelays: true)
case "hold" where arguments.count == 3:
  let store = try await EmbeddedMemory.open(path: arguments[2])
  _ = try await store.banks()
  say("open")
  while true { sleep(60) }
case "embed" where arguments.count == 3:
  let store = try await EmbeddedMemory.open(path: arguments[2], busyTimeout: .seconds(60))
  try await store.embedMissing(bankID: "bank", model: LetterVectors()) { _ in say("embedded") }
case "open" where arguments.count == 3:
  say("begin")
  _ = try await EmbeddedMemory.open(path: arguments[2], busyTimeout: .seconds(60)).banks()
  say("open")
case "import" where arguments.count == 4:
  say("begin")
  let store = try await EmbeddedMemory.open(path: arguments[2], busyTimeout: .seconds(60))
  try await store.importBank(from: arguments[3]) { say("\($0.done)") }
  say("done")
case "busy" where arguments.count == 5:
  try await busy(path: arguments[2], label: arguments[3], seconds: Double(arguments[4]) ?? 1)
case "read-only" where arguments.count == 3:
  try await readOnly(path: arguments[2])
default:
  exit(2)
}
