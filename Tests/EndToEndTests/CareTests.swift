import Foundation
import GRDB
import RearviewJSON
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("Exporting, importing, backing up and repairing")
  struct CareTests {
    private func filled() throws -> Home {
      let home = try Home()
      for text in ["Anna likes tea", "Bob keeps bees", "# The lease ends in June"] {
        #expect(try home.run("retain", text).status == 0)
      }
      return home
    }

    @Test("a bank moves from one machine to another by a file, and stays as it is when that is imported again")
    func move() throws {
      let (home, other) = (try filled(), try Home())
      let file = home.path + "/bank.jsonl"
      let exported = try home.run("bank", "export", "default", file)
      #expect(exported.output == "Wrote bank default with 3 memories to \(file).\n")
      #expect(try other.run("bank", "import", file).output.hasPrefix("Imported default: "))
      #expect(try other.run("bank", "import", file).output == "Imported default: 0 rows new.\n")
      #expect(try other.run("bank", "list").output == "default  3 memories, 3 documents\n")
      // The score tells of the time that went by, too.
      func recalled(_ home: Home) throws -> [JSONValue?] {
        try home.run("recall", "bees", "--json").output.split(separator: "\n").map {
          try JSONValue(parsing: String($0))["memory"]
        }
      }
      #expect(try recalled(other) == recalled(home))
      #expect(try recalled(home).count == 1)

      let there = try other.run("bank", "import", file, "--as", "copy")
      #expect(there.status == 1)
      #expect(there.error.contains("These memories are in bank default already"))
      let copied = try other.run("bank", "import", file, "--as", "copy", "--on-conflict", "new", "--json")
      #expect(try JSONValue(parsing: copied.output)["banks"] == ["copy"])
      let all = try other.run("bank", "export", "--all")
      #expect(all.output.split(separator: "\n").count == 2 + 2 * (1 + 3 * 3))
      #expect(all.output.hasSuffix("}\n"))

      let cut = home.path + "/cut.jsonl"
      try String(contentsOfFile: file, encoding: .utf8).dropLast(100).write(
        toFile: cut, atomically: true, encoding: .utf8)
      let refused = try other.run("bank", "import", cut)
      #expect(refused.status == 1 && refused.error.contains("it was cut off"))
      #expect(try other.run("bank", "import", file, "--on-conflict", "guess").status == 2)
      #expect(try other.run("bank", "export", "none", file).error.contains("There is no bank none"))
    }

    @Test("a bank can be read as Markdown, in which what was said is no heading")
    func markdown() throws {
      let home = try filled()
      let text = try home.run("bank", "export", "default", "--markdown").output
      #expect(text.hasPrefix("# default\n"))
      #expect(text.contains("> Anna likes tea\n") && text.contains("> # The lease ends in June\n"))
    }

    @Test("a backup is made, listed and restored; what it took the place of is kept")
    func backup() throws {
      let home = try filled()
      let made = try home.run("backup")
      #expect(made.status == 0 && made.output.hasPrefix("Backed up to \(home.memoryFile.dropLast(13))backups/memory-"))
      let listed = try home.run("backup", "list", "--json")
      let name = try #require(try JSONValue(parsing: listed.output)["name"]?.text)
      #expect(try home.run("retain", "Said after the backup").status == 0)
      let restored = try home.run("backup", "restore", name)
      #expect(restored.output.hasPrefix("Restored \(name). The file that was there is kept as memory-before-restore-"))
      #expect(try home.run("bank", "list").output == "default  3 memories, 3 documents\n")
      #expect(try home.run("backup", "list").output.contains("before another was restored"))
      #expect(try home.run("backup", "restore", "nothing").status == 1)

      let screen = try home.screen()
      try screen.wait(for: "Ask something")
      let refused = try home.run("backup", "restore", name)
      #expect(refused.status == 1 && refused.error.contains("is open in another program"))
      #expect(try home.run("doctor", "--repair").error.contains("is open in another program"))
      withExtendedLifetime(screen) {}
    }

    @Test("doctor finds what is wrong with the memory file, and repairs it")
    func repair() throws {
      let home = try filled()
      #expect(try home.run("doctor").output.contains("the memory file is in order"))
      #expect(try home.run("doctor", "--repair").output.hasSuffix("is in order; nothing was changed.\n"))
      try DatabaseQueue(path: home.memoryFile).writeWithoutTransaction {
        try $0.execute(sql: "UPDATE bank SET valid_count = 9; DELETE FROM word")
      }
      let found = try home.run("doctor")
      #expect(found.status == 1 && found.output.contains("Bank default counts otherwise than it has memories."))
      let repaired = try home.run("doctor", "--repair")
      #expect(repaired.status == 0 && repaired.output.contains("kept as memory-before-repair-"))
      #expect(try home.run("doctor").status == 0)
      #expect(try home.run("bank", "list").output == "default  3 memories, 3 documents\n")
    }

    @Test(
      "a full disk costs nothing that was acknowledged, and leaves no part of a backup or an export",
      .enabled(if: TinyDisk.isPossible, "needs a user who may mount a tmpfs"))
    func fullDisk() throws {
      let home = try Home()
      let disk = try TinyDisk(home.path + "/.local/share/rearview", megabytes: 3)
      let items = (0..<3_000).map { number in
        "{\"content\": \"Note \(number) \(String(repeating: "about a lantern ", count: 40))\", \"document_id\": \"n\(number)\"}"
      }.joined(separator: "\n")
      let full = try home.run("retain", "--jsonl", "-", input: items)
      #expect(full.status == 1)
      #expect(full.error.contains("The disk that holds \(home.memoryFile) is full; free some space"))
      let kept = try #require(full.error.firstMatch(of: /Kept (\d+) items/).flatMap { Int($0.1) })
      #expect(kept > 0 && kept < 3_000)

      try disk.fill()
      #expect(try home.run("backup").status == 1)
      let export = disk.path + "/bank.jsonl"
      #expect(try home.run("bank", "export", "default", export).status == 1)
      let left = try FileManager.default.subpathsOfDirectory(atPath: disk.path)
      #expect(left.filter { $0.hasSuffix(".new") || $0.hasSuffix(".jsonl") || $0.contains("memory-") } == [])

      try disk.resize(megabytes: 200)
      let banks = try home.run("bank", "list", "--json").output
      #expect(try JSONValue(parsing: banks)["memoryCount"]?.integer ?? 0 >= kept)
      #expect(try home.run("retain", "--jsonl", "-", input: items).output == "Kept 3000 items.\n")
      #expect(try home.run("bank", "list").output == "default  3000 memories, 3000 documents\n")
      #expect(try home.run("doctor", "--full").output.contains("the memory file is in order"))
      #expect(try home.run("backup").status == 0)
    }
  }
}

/// A file system of few megabytes, in memory.
private final class TinyDisk {
  let path: String

  static var isPossible: Bool {
    geteuid() == 0
      && (try? TinyDisk(NSTemporaryDirectory() + "rearview-disk-\(UUID().uuidString)", megabytes: 1)) != nil
  }

  init(_ path: String, megabytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=700", "tmpfs", path)
  }

  deinit {
    try? Self.run("/bin/umount", path)
    rmdir(path)
  }

  func resize(megabytes: Int) throws {
    try? FileManager.default.removeItem(atPath: path + "/filler")
    try Self.run("/bin/mount", "-o", "remount,size=\(megabytes)m", path)
  }

  /// Takes what room is left.
  func fill() throws {
    let descriptor = open(path + "/filler", O_CREAT | O_WRONLY, 0o600)
    defer { close(descriptor) }
    let block = [UInt8](repeating: 1, count: 4_096)
    while write(descriptor, block, block.count) > 0 {}
  }

  private static func run(_ program: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
