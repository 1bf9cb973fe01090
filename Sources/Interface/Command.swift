import RearviewText

/// What a key, the palette or a menu can ask for.
public enum Command: String, CaseIterable, Hashable, Sendable {
  // Everywhere.
  case help, palette, leader, nextPane, previousPane, memoryPane, inspectorPane, back, interrupt, suspend, redraw
  // By the leader key.
  case bankMenu, modelMenu, modelOptions, newSession, themeMenu, quit
  // Model menu.
  case favourite, selectedOptions, details
  // Composer.
  case send, newline, endOfInput, olderPrompt, newerPrompt
  // Panes.
  case pageUp, pageDown, lineUp, lineDown, top, bottom
  case previousTurn, nextTurn, promptView
  case open, filter, edit, invalidate, restore, reload
  // Edit form.
  case save
}

/// Where the keyboard is.
public enum Context: Hashable, Sendable, CaseIterable {
  case composer, chat, memory, banks, memories, detail, filter, editor, menu, models, options, help
}

/// How a command is reached.
public enum Chord: Hashable, Sendable {
  case key(KeyPress)
  /// Ctrl-X and then this key.
  case leader(Character)

  var isLeader: Bool {
    switch self {
    case .key: false
    case .leader: true
    }
  }

  /// As the keyboard says it: `Ctrl-X b`.
  public var written: String {
    switch self {
    case .key(let press): press.written
    case .leader(let character): "Ctrl-X \(character)"
    }
  }
}

/// A row of the key table. Footer, help and palette are built from it, so they are never wrong.
public struct Binding: Hashable, Sendable {
  public var command: Command
  public var chords: [Chord]
  public var contexts: Set<Context>
  /// For the footer; one or two words.
  public var label: DisplayText
  /// For help and palette.
  public var help: DisplayText
  /// Whether the footer shows it.
  public var isInFooter: Bool

  init(
    _ command: Command, _ chords: [Chord], _ contexts: Set<Context>, _ label: DisplayText, _ help: DisplayText,
    footer: Bool = false
  ) {
    self.command = command
    self.chords = chords
    self.contexts = contexts
    self.label = label
    self.help = help
    isInFooter = footer
  }
}

extension Chord {
  static func control(_ character: Character) -> Chord { .key(KeyPress(.character(character), .control)) }
  static func plain(_ character: Character) -> Chord { .key(KeyPress(.character(character))) }
  static func named(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) -> Chord {
    .key(KeyPress(key, modifiers))
  }
}

/// All keys.
public enum KeyTable {
  private static let panes: Set<Context> = [.chat, .memory, .banks, .memories, .detail]
  private static let typing: Set<Context> = [.composer, .filter, .editor, .menu]
  private static let main: Set<Context> = panes.union([.composer, .filter])

  public static let bindings: [Binding] = [
    Binding(.send, [.named(.enter)], [.composer], "send", "Send the message", footer: true),
    Binding(
      .newline, [.control("j"), .named(.enter, .alt), .named(.enter, .shift)], [.composer, .editor], "newline",
      "Begin a new line", footer: true),
    Binding(.save, [.control("s")], [.editor], "save", "Save the changed text", footer: true),
    Binding(.save, [.control("s")], [.options], "save", "Save the options of the model"),
    Binding(.favourite, [.control("s"), .named(.function(5))], [.models], "favourite", "Make it a favourite, or not"),
    Binding(.selectedOptions, [.control("e"), .named(.function(6))], [.models], "options", "Change its options"),
    Binding(.details, [.named(.tab)], [.models], "details", "Show all that is known of it; again: the list"),
    Binding(.open, [.named(.enter)], [.banks], "open", "Use this bank and list its memories", footer: true),
    Binding(.open, [.named(.enter)], [.memories], "open", "Show the memory whole", footer: true),
    Binding(.filter, [.plain("/")], [.memories], "filter", "Filter as you type", footer: true),
    Binding(.open, [.named(.enter)], [.filter], "to the list", "Go to the filtered list", footer: true),
    Binding(.edit, [.plain("e")], [.memories, .detail], "edit", "Change the memory's text", footer: true),
    Binding(
      .invalidate, [.plain("i")], [.memories, .detail], "invalidate", "Take the memory out of recall", footer: true),
    Binding(.restore, [.plain("r")], [.memories, .detail], "restore", "Put an invalidated memory back", footer: true),
    Binding(
      .reload, [.named(.function(7)), .plain("R")], [.banks, .memories, .detail], "reload", "Read the list again"),
    Binding(
      .promptView, [.plain("p"), .named(.left), .named(.right)], [.memory], "prompt",
      "Change between memories and the exact prompt", footer: true),
    Binding(.previousTurn, [.plain("[")], [.chat, .memory], "turn before", "Show the turn before", footer: true),
    Binding(.nextTurn, [.plain("]")], [.chat, .memory], "turn after", "Show the turn after", footer: true),
    Binding(
      .lineUp, [.named(.up), .plain("k")], panes, "up", "One up"),
    Binding(.lineDown, [.named(.down), .plain("j")], panes, "down", "One down"),
    Binding(.top, [.named(.home), .plain("g")], panes, "top", "To the beginning"),
    Binding(.bottom, [.named(.end), .plain("G")], panes, "end", "To the end; the chat follows again"),
    Binding(.olderPrompt, [.named(.up, .alt), .control("r")], [.composer], "older", "Bring back the question before"),
    Binding(.newerPrompt, [.named(.down, .alt)], [.composer], "newer", "Bring back the question after"),

    Binding(
      .endOfInput, [.control("d")], [.composer], "quit", "Quit, when nothing is typed; else delete to the right"),

    Binding(
      .nextPane, [.named(.tab)], main, "pane", "To the next pane", footer: true),
    Binding(.previousPane, [.named(.tab, .shift)], main, "", "To the pane before"),
    Binding(.memoryPane, [.named(.function(2))], main, "memory", "Show the memory pane; again: back", footer: true),
    Binding(.inspectorPane, [.named(.function(3))], main, "inspector", "Show the inspector; again: back", footer: true),
    Binding(
      .leader, [.control("x")], main, "more", "Then b bank, m model, o its options, n new session, t theme, q quit",
      footer: true),
    Binding(.bankMenu, [.leader("b")], main, "bank", "Switch the bank"),
    Binding(.modelMenu, [.leader("m")], main, "model", "Switch the model"),
    Binding(.modelOptions, [.leader("o")], main, "options", "Set the model's options: temperature, prompt, …"),
    Binding(.newSession, [.leader("n")], main, "new", "Start a new session"),
    Binding(.themeMenu, [.leader("t")], main, "theme", "Switch the theme"),
    Binding(.quit, [.leader("q")], main, "quit", "Quit"),
    Binding(.palette, [.control("p"), .named(.function(4))], main, "palette", "Show all commands", footer: true),
    Binding(.help, [.named(.function(1))], main.union([.help]), "help", "Show all keys", footer: true),
    Binding(.help, [.plain("?")], panes, "", "Show all keys"),
    Binding(.pageUp, [.named(.pageUp)], main, "", "Scroll up (from the message: the chat)"),
    Binding(.pageDown, [.named(.pageDown)], main, "", "Scroll down"),
    Binding(
      .back, [.named(.escape)], Set(Context.allCases), "back", "Stop the answer, close, or go back; never quits"),
    Binding(
      .interrupt, [.control("c")], main.union([.editor, .menu, .models, .options, .help]), "quit",
      "Stop the answer, or clear the line; twice: quit"),
    Binding(.suspend, [.control("z")], main, "suspend", "Suspend; fg brings it back"),
    Binding(
      .redraw, [.control("l")], main.union([.editor, .menu, .models, .options, .help]), "redraw",
      "Draw the screen anew"),
  ]

  /// What a key asks for in a place.
  public static func command(for press: KeyPress, in context: Context) -> Command? {
    bindings.first { $0.contexts.contains(context) && $0.chords.contains(.key(press)) }?.command
  }

  /// What a key after the leader asks for.
  public static func command(afterLeader character: Character) -> Command? {
    bindings.first { $0.chords.contains(.leader(character)) }?.command
  }

  /// The key to show for a command.
  public static func key(of command: Command) -> DisplayText? {
    bindings.first { $0.command == command }?.chords.first.map { DisplayText($0.written) }
  }

  /// Changes that keys make to text that is being typed.
  static let edits: [KeyPress: TextEditor.Edit] = [
    KeyPress(.backspace): .backspace, KeyPress(.delete): .delete,
    KeyPress(.left): .left, KeyPress(.right): .right,
    KeyPress(.left, .control): .wordLeft, KeyPress(.right, .control): .wordRight,
    KeyPress(.character("b"), .alt): .wordLeft, KeyPress(.character("f"), .alt): .wordRight,
    KeyPress(.home): .lineStart, KeyPress(.end): .lineEnd,
    KeyPress(.character("a"), .control): .lineStart, KeyPress(.character("e"), .control): .lineEnd,
    KeyPress(.home, .control): .start, KeyPress(.end, .control): .end,
    KeyPress(.character("b"), .control): .left, KeyPress(.character("f"), .control): .right,
    KeyPress(.character("d"), .control): .delete, KeyPress(.character("h"), .control): .backspace,
    KeyPress(.character("k"), .control): .killToEnd, KeyPress(.character("u"), .control): .killToStart,
    KeyPress(.character("w"), .control): .killWordBack, KeyPress(.backspace, .alt): .killWordBack,
    KeyPress(.character("d"), .alt): .killWordForward, KeyPress(.character("y"), .control): .yank,
    KeyPress(.character("t"), .control): .transpose,
  ]
}

extension KeyPress {
  /// As the keyboard says it.
  public var written: String {
    var name =
      switch key {
      case .character(" "): "Space"
      case .character(let character): String(character)
      case .enter: "Enter"
      case .tab: "Tab"
      case .backspace: "Backspace"
      case .delete: "Delete"
      case .insert: "Insert"
      case .escape: "Esc"
      case .up: "Up"
      case .down: "Down"
      case .left: "Left"
      case .right: "Right"
      case .home: "Home"
      case .end: "End"
      case .pageUp: "PgUp"
      case .pageDown: "PgDn"
      case .function(let number): "F\(number)"
      }
    if !modifiers.isEmpty, case .character = key { name = name.uppercased() }
    if modifiers.contains(.shift) { name = "Shift-" + name }
    if modifiers.contains(.alt) { name = "Alt-" + name }
    if modifiers.contains(.control) { name = "Ctrl-" + name }
    return name
  }
}
