import CLibFuzzer

@testable import DecoderPromises

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// Hands the arguments to libFuzzer. FUZZ_DECODER says whose input it makes up: processes that libFuzzer starts find it
// in their environment.

private enum Fuzzed {
  static let decoder = getenv("FUZZ_DECODER").flatMap { FuzzedDecoder(rawValue: String(cString: $0)) }
}

guard Fuzzed.decoder != nil else {
  print("FUZZ_DECODER must be one of \(FuzzedDecoder.allCases.map(\.rawValue).joined(separator: " "))")
  exit(2)
}

// Handlers that stand already, as Swift's for a backtrace, libFuzzer leaves, and would not learn of a crash.
for kind in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(kind, SIG_DFL) }

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    do throws(BrokenPromise) {
      try Fuzzed.decoder?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
      fatalError(error.description)
    }
    return 0
  })
