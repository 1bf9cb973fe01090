import Foundation

/// Where Rearview keeps its files, after the XDG base directory specification.
public struct Paths: Hashable, Sendable {
  /// `config.toml` and a `themes` folder.
  public var configuration: String
  /// `memory.sqlite` and `sessions.sqlite`.
  public var data: String
  /// Log and crash reports.
  public var state: String

  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    // The specification: a path that is not absolute is to be ignored.
    func folder(_ variable: String, _ fallback: String) -> String {
      let base = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/\(fallback)"
      return base + "/rearview"
    }
    configuration = folder("XDG_CONFIG_HOME", ".config")
    data = folder("XDG_DATA_HOME", ".local/share")
    state = folder("XDG_STATE_HOME", ".local/state")
  }

  public var configurationFile: String { configuration + "/config.toml" }
  /// Parameters of models, as the program saves them.
  public var modelsFile: String { configuration + "/models.toml" }
  public var themes: String { configuration + "/themes" }
  public var memoryFile: String { data + "/memory.sqlite" }
  public var sessionsFile: String { data + "/sessions.sqlite" }
  /// Holds one locked file for each program that runs.
  public var runningFolder: String { data + "/running" }
  /// What was typed and not sent when the program ended.
  public var draftFile: String { data + "/draft.txt" }
  /// Favourites and models that were used last.
  public var modelMarksFile: String { state + "/models.json" }
  /// Lists of models that providers gave, kept for a day.
  public var modelListsFile: String { state + "/model-lists.json" }
  public var logFile: String { state + "/rearview.log" }
  public var crashReport: String { state + "/crash.txt" }

  /// Makes a folder that only its owner can enter, and those above it that are missing.
  public static func makeFolder(_ path: String) throws(ConfigurationError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .folder(path: path, cause: (error as NSError).reason)
    }
  }
}

extension NSError {
  /// The system's words for the cause (`Permission denied`), without Foundation's sentence around it.
  public var reason: String {
    if let underlying = userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(code))) }
    if domain == NSCocoaErrorDomain,
      [.fileReadNoPermission, .fileWriteNoPermission].contains(CocoaError.Code(rawValue: code))
    {
      return String(cString: strerror(EACCES))
    }
    return localizedDescription
  }
}
