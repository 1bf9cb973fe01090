import Foundation
import Rearview
import Testing

@Suite("Marks of models")
struct ModelMarksTests {
  private let folder: Folder
  private let file: ModelMarksFile
  private var path: String { folder.paths.modelMarksFile }

  init() throws {
    folder = try Folder()
    file = ModelMarksFile(paths: folder.paths)
  }

  @Test("are kept, newest use first, in a file that only its owner reads")
  func kept() throws {
    #expect(file.read() == ModelMarks())
    try file.setFavourite("a/1", true)
    try file.setFavourite("a/2", true)
    try file.setFavourite("a/1", false)
    for name in ["b/1", "b/2", "b/1"] { try file.noteUse(of: name) }
    #expect(file.read() == ModelMarks(favourites: ["a/2"], recent: ["b/1", "b/2"]))
    for number in 0..<40 { try file.noteUse(of: "c/\(number)") }
    #expect(file.read().recent.count == 12)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
  }

  @Test(
    "of a broken file are none, and the next mark mends it",
    arguments: ["{", "[]", #"{"favourites":"x","recent":[1]}"#])
  func broken(text: String) throws {
    try folder.write(".local/state/rearview/models.json", text)
    #expect(file.read() == ModelMarks())
    #expect(try file.setFavourite("a/1", true) == ModelMarks(favourites: ["a/1"]))
    #expect(file.read() == ModelMarks(favourites: ["a/1"]))
  }

  @Test("of several programs at once are all kept")
  func together() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 { group.addTask { try file.setFavourite("a/\(number)", true) } }
      try await group.waitForAll()
    }
    #expect(file.read().favourites.count == 40)
  }
}
