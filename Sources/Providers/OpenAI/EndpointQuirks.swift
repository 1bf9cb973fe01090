/// What endpoints turned out not to accept, so that they are asked for it once.
public actor EndpointQuirks {
  private var withoutStreamOptions: Set<String> = []

  public init() {}

  func acceptsStreamOptions(_ endpoint: Endpoint) -> Bool {
    !withoutStreamOptions.contains(endpoint.baseURL)
  }

  func refusedStreamOptions(_ endpoint: Endpoint) {
    withoutStreamOptions.insert(endpoint.baseURL)
  }
}
