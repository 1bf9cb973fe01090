#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

// The one place that knows which C library there is.

func cubeRoot(_ value: Double) -> Double { cbrt(value) }
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// The numbers of the signals that end a program in an orderly way.
enum SignalNumber {
  static let hangup = SIGHUP
  static let interrupt = SIGINT
  static let terminate = SIGTERM
}
