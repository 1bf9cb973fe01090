import Foundation
import RearviewEmbeddedMemory
import RearviewMemory

// A process of its own for the tests of the embedded memory:
//
//   MemoryCrashChild retain PATH LABEL COUNT   retains turns `LABEL-0`, `LABEL-1`, …; prints each once acknowledged
//   MemoryCrashChild work PATH                 does the background work; prints each call of its model
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
case "read-only" where arguments.count == 3:
  try await readOnly(path: arguments[2])
default:
  exit(2)
}
