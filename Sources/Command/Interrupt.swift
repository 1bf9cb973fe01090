import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// Ctrl-C while a one-shot command works: the first stops the answer (what came is kept), the second ends the program.
final class Interrupt {
  private let source: any DispatchSourceSignal
  private let count = NIOLockedValueBox(0)

  init(_ stop: @escaping @Sendable () -> Void) {
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    let count = count
    source.setEventHandler {
      let number = count.withLockedValue { number in
        number += 1
        return number
      }
      if number == 1 { stop() } else { Foundation.exit(ExitStatus.interrupted.rawValue) }
    }
    source.resume()
  }

  var happened: Bool { count.withLockedValue { $0 > 0 } }
}
