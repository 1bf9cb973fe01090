/// What endpoints turned out not to accept, so that they are asked for it once.
public actor EndpointQuirks {
  private var withoutStreamOptions: Set<String> = []

  private var withoutSummaries: Set<String> = []

  public init() {}

  func givesSummaries(_ endpoint: Endpoint) -> Bool {
    !withoutSummaries.contains(endpoint.baseURL)
  }

  func refusedSummaries(_ endpoint: Endpoint) {
    withoutSummaries.insert(endpoint.baseURL)
  }

  func acceptsStreamOptions(_ endpoint: Endpoint) -> Bool {
    !withoutStreamOptions.contains(endpoint.baseURL)
  }

  func refusedStreamOptions(_ endpoint: Endpoint) {
    withoutStreamOptions.insert(endpoint.baseURL)
  }
}
