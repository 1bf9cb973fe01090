import ArgumentParser
import Foundation
import Rearview
import RearviewMemory

/// Options that every command takes.
struct SharedOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The bank to use.", valueName: "name"))
  var bank: String?

  @Option(name: .long, help: ArgumentHelp("The model, as provider/model.", valueName: "model"))
  var model: String?

  @Option(name: .long, help: ArgumentHelp("Set any setting for this run.", valueName: "NAME=VALUE"))
  var set: [String] = []

  /// Settings from all places; `--bank` and `--model` stand for `--set bank_id=…` and `--set model=…`.
  func configuration(paths: Paths) throws -> Configuration {
    var overrides = set
    if let bank, bank.allSatisfy(\.isWhitespace) { throw CommandEnd(.usage, "--bank needs a name.") }
    if let model, model.allSatisfy(\.isWhitespace) { throw CommandEnd(.usage, "--model needs a name.") }
    if let bank { overrides.append("bank_id=\(bank)") }
    if let model { overrides.append("model=\(model)") }
    return try Configuration.load(
      paths: paths, environment: ProcessInfo.processInfo.environment, overrides: overrides)
  }

  /// Opens what a command that only reads needs: everything, so that what an earlier program left is found too, or the
  /// memory store alone where nothing can be written.
  func openToRead() async throws -> Reader {
    do {
      let paths = Paths()
      let configuration = try configuration(paths: paths)
      do {
        let client = try await RearviewClient.open(configuration: configuration, paths: paths)
        await client.recover()
        return Reader(client)
      } catch let error as MemoryStoreError {
        guard
          let store = try? await RearviewClient.openStore(
            configuration: configuration, paths: paths)
        else { throw error }
        return Reader(store: store, configuration: configuration)
      }
    } catch {
      throw CommandEnd(error)
    }
  }

  /// Opens everything for a command that has nothing to do with memory: what waits goes on waiting.
  func openWithoutRecovery() async throws -> RearviewClient {
    do {
      let paths = Paths()
      return try await RearviewClient.open(configuration: try configuration(paths: paths), paths: paths)
    } catch {
      throw CommandEnd(error)
    }
  }

  /// Opens everything, and brings to the store what an earlier program left behind.
  func open() async throws -> RearviewClient {
    do {
      let paths = Paths()
      let client = try await RearviewClient.open(configuration: try configuration(paths: paths), paths: paths)
      await client.recover()
      return client
    } catch {
      throw CommandEnd(error)
    }
  }
}

/// What a command reads from.
struct Reader: Sendable {
  let store: any MemoryStore
  let configuration: Rearview.Configuration
  fileprivate let client: RearviewClient?

  init(_ client: RearviewClient) {
    store = client.store
    configuration = client.configuration
    self.client = client
  }

  /// The memory store alone.
  fileprivate init(store: any MemoryStore, configuration: Rearview.Configuration) {
    self.store = store
    self.configuration = configuration
    client = nil
  }

  func close() async { await client?.close() }
}
