/// The keys that may go to one place: those that the call names, those of the section that names the place, and those of
/// the environment where they belong there.
struct Keys {
  var row: ProviderRow
  var place: ModelCatalog.Place
  var call: ModelCatalog.Override
  var section: ProviderConfiguration?
  /// An environment variable; empty counts as unset.
  var environment: (String) -> String?
  /// The key of a section.
  var ofSection: (ProviderConfiguration) -> Credential

  /// A variable, as far as it may be used for this place.
  func value(_ name: String) -> String? {
    call.variables[name] ?? (place.isSections ? section?.variables[name] : nil)
      ?? (place.takesEnvironment ? environment(name) : nil)
  }

  /// Whether the call or the section has a key of its own.
  var hasOwn: Bool { call.apiKey != nil || place.isSections && section?.hasKey == true }

  /// The key: the call's, the section's, or the first of the provider's variables that is set. Where none is and one is
  /// needed, the first variable is what is missing.
  var credential: Credential {
    if let key = call.apiKey {
      let isEntra = call.variables["AZURE_AD_TOKEN"] != nil
      return .variable(name: isEntra ? "AZURE_AD_TOKEN" : row.keys.first ?? "the api_key", value: key)
    }
    if place.isSections, let section, section.hasKey { return ofSection(section) }
    if let name = row.keys.first(where: { value($0) != nil }) { return .variable(name: name, value: value(name)) }
    // An address that the environment names may do without.
    let isNeeded = place.isHome || place.source == .section && row.hasNoPlace
    guard isNeeded, !row.isKeyless, let name = row.keys.first else { return .none }
    return .variable(name: name, value: nil)
  }

  /// Whether there can be credentials of Google's.
  var hasGoogle: Bool {
    place.takesEnvironment
      || ["VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"].contains { value($0) != nil }
  }

  /// Amazon's keys, all of one place: parts of two accounts make none.
  var aws: (keys: AWSCredentials, isOfCall: Bool)? {
    if let keys = AWSCredentials(named: { call.variables[$0] }) { return (keys, true) }
    if let profile = call.variables["AWS_PROFILE"], place.takesEnvironment {
      return AWSCredentials(variable: {
        $0 == "AWS_PROFILE" ? profile : $0.hasSuffix("_FILE") || $0 == "HOME" ? environment($0) : nil
      })
      .map { ($0, true) }
    }
    if place.isSections, let keys = AWSCredentials(named: { section?.variables[$0] }) { return (keys, false) }
    guard place.takesEnvironment else { return nil }
    return AWSCredentials(variable: { value($0) }).map { ($0, false) }
  }
}
