import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Keys of an AWS account.
struct AWSCredentials: Hashable, Sendable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?

  init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
  }

  /// The keys of the three variables themselves; `nil` where one of the two that are needed is not set.
  init?(named variable: (String) -> String?) {
    guard let accessKey = variable("AWS_ACCESS_KEY_ID"), let secretKey = variable("AWS_SECRET_ACCESS_KEY") else {
      return nil
    }
    self.init(accessKey: accessKey, secretKey: secretKey, sessionToken: variable("AWS_SESSION_TOKEN"))
  }

  /// Looks in the environment, then for the profile of `AWS_PROFILE` in `~/.aws/credentials`.
  ///
  /// - Parameter variable: An environment variable; empty counts as unset.
  /// - Returns: `nil` where there are none.
  init?(variable: (String) -> String?) {
    if let named = AWSCredentials(named: variable) {
      self = named
      return
    }
    let profile = variable("AWS_PROFILE") ?? "default"
    let file = AWSProfileFile(variable: variable, named: "AWS_SHARED_CREDENTIALS_FILE", usual: "credentials")
    guard let section = file.section(profile), let accessKey = section["aws_access_key_id"],
      let secretKey = section["aws_secret_access_key"]
    else { return nil }
    self.init(accessKey: accessKey, secretKey: secretKey, sessionToken: section["aws_session_token"])
  }

  /// The region of the profile in `~/.aws/config`.
  static func region(variable: (String) -> String?) -> String? {
    let profile = variable("AWS_PROFILE") ?? "default"
    let file = AWSProfileFile(variable: variable, named: "AWS_CONFIG_FILE", usual: "config")
    return (file.section("profile \(profile)") ?? file.section(profile))?["region"]
  }
}

/// A file of the AWS tools: sections in brackets, `name = value` below them.
private struct AWSProfileFile {
  private var sections: [String: [String: String]] = [:]

  init(variable: (String) -> String?, named name: String, usual: String) {
    let path = variable(name) ?? (variable("HOME") ?? homeExpanded("~")) + "/.aws/" + usual
    guard let text = try? String(contentsOfFile: homeExpanded(path), encoding: .utf8) else {
      return
    }
    var section = ""
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmed
      if line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        section = line[line.index(after: line.startIndex)..<end].trimmed
      } else if let equals = line.firstIndex(of: "=") {
        let key = line[..<equals].trimmed
        sections[section, default: [:]][key] = line[line.index(after: equals)...].trimmed
      }
    }
  }

  func section(_ name: String) -> [String: String]? { sections[name] }
}
