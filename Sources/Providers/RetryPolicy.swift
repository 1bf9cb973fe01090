/// How often a model is asked again when a try fails before anything of the answer has come.
public struct RetryPolicy: Hashable, Sendable {
  /// Tries after the first one; 0 for none.
  public var maxRetries: Int
  /// The longest wait that a provider may ask for and is given; a longer one is an error at once.
  public var longestWait: Duration

  /// Two more tries by default, and two minutes, as the vendors' own clients have it.
  public init(maxRetries: Int = 2, longestWait: Duration = .seconds(120)) {
    self.maxRetries = maxRetries
    self.longestWait = longestWait
  }
}
