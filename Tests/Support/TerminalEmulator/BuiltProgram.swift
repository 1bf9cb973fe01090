import CPty

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension TerminalEmulator {
  /// The path of a program of this package: programs lie beside the bundle of the tests.
  public static func builtProgram(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + name
  }
}
