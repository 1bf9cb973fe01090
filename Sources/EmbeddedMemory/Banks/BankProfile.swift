import Foundation
import RearviewJSON

/// How a bank thinks when it reflects: three levels from 1 to 5, 3 where nothing was set.
public struct Disposition: Hashable, Codable, Sendable {
  /// From trusting (1) to doubting (5).
  public let skepticism: Int
  /// From reading between the lines (1) to taking words as they stand (5).
  public let literalism: Int
  /// From facts alone (1) to feelings first (5).
  public let empathy: Int

  /// Levels out of range become the nearest that there is.
  public init(skepticism: Int = 3, literalism: Int = 3, empathy: Int = 3) {
    func level(_ value: Int) -> Int { min(max(value, 1), 5) }
    self.skepticism = level(skepticism)
    self.literalism = level(literalism)
    self.empathy = level(empathy)
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      skepticism: try values.decodeIfPresent(Int.self, forKey: .skepticism) ?? 3,
      literalism: try values.decodeIfPresent(Int.self, forKey: .literalism) ?? 3,
      empathy: try values.decodeIfPresent(Int.self, forKey: .empathy) ?? 3)
  }
}

/// What a bank is told about itself.
public struct BankProfile: Hashable, Codable, Sendable, Identifiable {
  /// The bank's name in its store.
  public let id: String
  /// Its name for people.
  public var name: String?
  /// What extraction looks for.
  public var retainMission: String?
  /// What observations are about.
  public var observeMission: String?
  /// Who the bank is while it answers; what `setBank` calls the mission.
  public var reflectMission: String?
  public var disposition: Disposition
  /// Whatever is kept for the bank; `extracts` and `observes` below are read by the background work.
  public var settings: JSONObject

  /// Whether facts are extracted from what is retained (`"extract"`, on by default). Off: the bank only stores.
  public var extracts: Bool {
    get { settings["extract"]?.boolean ?? true }
    set { settings["extract"] = .boolean(newValue) }
  }

  /// Whether facts are consolidated into observations (`"observe"`, on by default).
  public var observes: Bool {
    get { settings["observe"]?.boolean ?? true }
    set { settings["observe"] = .boolean(newValue) }
  }

  init(
    id: String, name: String? = nil, retainMission: String? = nil, observeMission: String? = nil,
    reflectMission: String? = nil, disposition: Disposition = Disposition(), settings: JSONObject = [:]
  ) {
    self.id = id
    self.name = name
    self.retainMission = retainMission
    self.observeMission = observeMission
    self.reflectMission = reflectMission
    self.disposition = disposition
    self.settings = settings
  }

  enum CodingKeys: String, CodingKey {
    case id, name, disposition, settings
    case retainMission = "retain_mission"
    case observeMission = "observe_mission"
    case reflectMission = "reflect_mission"
  }
}
