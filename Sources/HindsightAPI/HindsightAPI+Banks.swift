import RearviewJSON
import RearviewMemory

extension HindsightAPI {
  /// Makes the bank if it is missing, and sets what is given of its name and mission.
  ///
  /// - Parameter timeout: 300 s by default, as the Python client waits.
  public func setBank(id: String, name: String?, mission: String?, timeout: Duration?) async throws {
    var body: JSONObject = [:]
    if let name { body["name"] = .text(name) }
    if let mission { body["mission"] = .text(mission) }
    _ = try await answer(.ofBank(id, .bank, .put, body: .object(body)), by: deadline(timeout ?? .seconds(300)))
  }

  /// All banks, by name. The list tells neither how many documents a bank has nor how many memories were invalidated.
  public func banks() async throws -> [Bank] {
    let deadline = deadline(nil)
    var banks: [String: Bank] = [:]
    var read = 0
    while true {
      let call = Call(.banks, bankID: "", .get, "/v1/default/banks?limit=\(Self.bankPage)&offset=\(read)")
      let answer = try await answer(call, by: deadline)
      guard let list = answer["banks"]?.list else { throw unreadable(call, "it holds no list of banks") }
      read += list.count
      for bank in list.compactMap(\.object).compactMap(Bank.init(hindsight:)) { banks[bank.id] = bank }
      // Servers before 0.9.2 give all at once and no total.
      guard let total = answer["total"]?.integer, read < total, !list.isEmpty else { break }
    }
    return banks.values.sorted { $0.id < $1.id }
  }

  private static let bankPage = 100

  /// What the server is and can do.
  public struct Version: Hashable, Sendable {
    /// As `1.1.0`.
    public var apiVersion: String
    /// The names of the features that are on, as `observations` or `store_document_text`. What a server does not name
    /// is off.
    public var features: Set<String>

    /// Whether it comes before a version of these numbers. What cannot be read is taken for new.
    public func isOlder(than numbers: [Int]) -> Bool {
      let parts = apiVersion.split(separator: ".", omittingEmptySubsequences: false).map {
        Int($0.prefix { $0.isNumber }) ?? .max
      }
      return parts.lexicographicallyPrecedes(numbers)
    }

    public init(apiVersion: String, features: Set<String>) {
      self.apiVersion = apiVersion
      self.features = features
    }
  }

  /// Asks what the server is; it answers without a key too.
  public func version(timeout: Duration? = nil) async throws -> Version {
    let call = Call(.version, bankID: "", .get, "/version")
    let answer = try await answer(call, by: deadline(timeout))
    guard let version = answer["api_version"]?.text else { throw unreadable(call, "it holds no api_version") }
    let features = (answer["features"]?.object ?? [:]).filter { $0.value.boolean == true }.map(\.key)
    return Version(apiVersion: version, features: Set(features))
  }
}

extension Bank {
  fileprivate init?(hindsight json: JSONObject) {
    guard let id = json["bank_id"]?.text else { return nil }
    let lastWrite = json["last_write_at"]?.text ?? json["last_document_at"]?.text
    self.init(id: id, memoryCount: json["fact_count"]?.integer ?? 0, lastRetainedAt: lastWrite.flatMap(serverDate))
  }
}
