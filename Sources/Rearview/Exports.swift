// What a Swift program needs of the lower rooms comes with the library.
@_exported import RearviewChat
@_exported import RearviewEngine
@_exported import RearviewHindsightAPI
@_exported import RearviewJSON
@_exported import RearviewMemory
@_exported import RearviewProviders
