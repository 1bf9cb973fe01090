/// What an export holds of a table: the meaning of every column, and the rows of other tables that stand within its
/// rows.
///
/// Export and import are both made from this list; a column that is new in the file's tables is a line here. Row ids
/// never leave a file: a row is named by its `uid`, a message by its turn and position.
struct ExchangeTable: Sendable {
  /// What a column holds, and so how it travels.
  enum Meaning: Sendable {
    /// A value that means the same in every file.
    case value
    /// The name of this row.
    case uid
    /// The name of a row, which may be in any table.
    case name
    /// A JSON list of names.
    case names
    /// A JSON object that tells how a row was; its member `id` is the row's name.
    case image
    /// The row's number in this file.
    case rowID
    /// The bank in whose part of the export the row stands.
    case bank
    /// The row in whose line this one stands.
    case parent
    /// A row of a table that has names.
    case row(of: String)
    /// A message, which travels as its turn and its position.
    case message
    /// The memory that began a conversation; where it is gone, the oldest of the conversation that is left.
    case thread
    /// A group of changes, which travels as its place among those of the bank in the export.
    case change
    /// It follows from the other columns and rows, and is made anew by who imports.
    case rebuilt
    /// It means something in this file only, and stays there.
    case local
  }

  struct Column: Sendable {
    let name: String
    let meaning: Meaning

    init(_ name: String, _ meaning: Meaning = .value) {
      self.name = name
      self.meaning = meaning
    }
  }

  let name: String
  let columns: [Column]
  /// Which columns tell a row of a bank from its others beside its name.
  var key: [String] = []
  /// Tables whose rows stand within the lines of this one, in the order of their key.
  var children: [ExchangeTable] = []

  var hasUID: Bool { columns.contains { if case .uid = $0.meaning { true } else { false } } }
  var hasRowID: Bool { columns.contains { if case .rowID = $0.meaning { true } else { false } } }
  /// The column that names the row in whose line a row stands.
  var parent: String? { columns.first { if case .parent = $0.meaning { true } else { false } }?.name }
  /// Whether its rows only join others, and so are nothing where one of these is missing.
  var isLink: Bool {
    !hasRowID
      && columns.contains {
        switch $0.meaning {
        case .row, .message: true
        case .value, .uid, .name, .names, .image, .rowID, .bank, .parent, .thread, .change, .rebuilt, .local: false
        }
      }
  }

  static let bank = ExchangeTable(
    name: "bank",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("name"), .init("valid_count", .rebuilt),
      .init("invalidated_count", .rebuilt), .init("document_count", .rebuilt), .init("last_memory", .rebuilt),
      .init("last_retained_at"), .init("created"), .init("updated"), .init("title"), .init("mission"),
      .init("retain_mission"), .init("observe_mission"), .init("skepticism"), .init("literalism"), .init("empathy"),
      .init("settings"),
    ])

  static let directive = ExchangeTable(
    name: "directive",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("bank", .bank), .init("text"), .init("tags"), .init("is_active"),
      .init("created"), .init("updated"),
    ])

  static let mentalModel = ExchangeTable(
    name: "mental_model",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("bank", .bank), .init("name"), .init("question"), .init("body"),
      .init("tags"), .init("refreshed"), .init("is_stale"), .init("refreshes_itself"), .init("created"),
      .init("updated"),
    ],
    children: [
      ExchangeTable(
        name: "mental_model_version",
        columns: [
          .init("mental_model", .parent), .init("version"), .init("body"), .init("based_on", .names), .init("at"),
        ], key: ["version"])
    ])

  /// How far a document was read for facts stands in a line of its own, behind its messages (`DocumentProgress`).
  static let document = ExchangeTable(
    name: "document",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("bank", .bank), .init("key"), .init("created"), .init("updated"),
      .init("extracted_message", .rebuilt), .init("extracted_bytes", .rebuilt),
    ], key: ["key"])

  static let message = ExchangeTable(
    name: "message",
    columns: [
      .init("id", .rowID), .init("bank", .bank), .init("document", .row(of: "document")), .init("turn"),
      .init("position"), .init("speaker"), .init("text"), .init("said_at"), .init("is_cut"), .init("created"),
      .init("is_replaced"), .init("metadata"), .init("is_undated"),
    ], key: ["turn", "position"])

  /// Those that stand for others come after them.
  static let entity = ExchangeTable(
    name: "entity",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("bank", .bank), .init("name"), .init("norm"), .init("kind"),
      .init("first_seen"), .init("last_seen"), .init("mentions", .rebuilt), .init("merged_into", .row(of: "entity")),
    ], key: ["norm"],
    children: [
      ExchangeTable(
        name: "alias",
        columns: [.init("bank", .bank), .init("norm"), .init("entity", .parent), .init("is_given")], key: ["norm"])
    ])
  static let entityApart = ExchangeTable(
    name: "entity_apart",
    columns: [.init("entity", .row(of: "entity")), .init("other", .row(of: "entity")), .init("is_split")])

  static let memory = ExchangeTable(
    name: "memory",
    columns: [
      .init("id", .rowID), .init("uid", .uid), .init("bank", .bank), .init("type"), .init("message", .message),
      .init("document", .row(of: "document")), .init("text"), .init("indexed", .rebuilt), .init("dated"),
      .init("context"), .init("tags"), .init("metadata"), .init("said_at"), .init("occurred_start"),
      .init("occurred_end"), .init("proof"), .init("state"), .init("state_reason"), .init("text_hash", .rebuilt),
      .init("created"), .init("updated"), .init("thread", .thread), .init("speaker"), .init("pinned"),
      .init("origin"), .init("consolidated"),
    ],
    children: [
      ExchangeTable(
        name: "source",
        columns: [.init("memory", .parent), .init("message", .message), .init("span_start"), .init("span_end")],
        key: ["message", "span_start"]),
      ExchangeTable(
        name: "memory_entity", columns: [.init("entity", .row(of: "entity")), .init("memory", .parent)],
        key: ["entity"]),
      ExchangeTable(
        name: "memory_version",
        columns: [.init("memory", .parent), .init("version"), .init("text"), .init("proof"), .init("at")],
        key: ["version"]),
    ])

  static let echo = ExchangeTable(
    name: "echo", columns: [.init("after", .row(of: "memory")), .init("memory", .row(of: "memory"))])
  static let memorySource = ExchangeTable(
    name: "memory_source", columns: [.init("memory", .row(of: "memory")), .init("source", .row(of: "memory"))])

  /// Behind the messages and memories: a bank's own marks keep none of these out.
  static let goneMessage = ExchangeTable(
    name: "gone_message",
    columns: [.init("bank", .bank), .init("turn"), .init("position"), .init("speaker")], key: ["turn", "position"])

  /// What was done, why, and whether it was undone. The images of rows that an undo needs name them by their numbers in
  /// one file and stay there: elsewhere a change is history, and cannot be taken back. The other bank of a move stays
  /// too: it is a change of the bank in whose part it stands.
  static let changeGroup = ExchangeTable(
    name: "change_group",
    columns: [
      .init("id", .rowID), .init("bank", .bank), .init("other_bank", .local), .init("at"), .init("actor"),
      .init("action"), .init("subject"), .init("count"), .init("reason"), .init("undone_by", .change),
      .init("undo_of", .change), .init("redo_of", .change),
    ])

  /// No format ever set `undone_by`.
  static let journal = ExchangeTable(
    name: "journal",
    columns: [
      .init("seq", .rowID), .init("at"), .init("action"), .init("table_name"), .init("uid", .name),
      .init("before", .image), .init("after", .image), .init("undone_by", .local), .init("change_group", .change),
    ])

  static let spending = ExchangeTable(
    name: "spending",
    columns: [
      .init("day"), .init("bank", .bank), .init("kind"), .init("calls"), .init("tokens_in"), .init("tokens_out"),
    ], key: ["day", "kind"])

  /// Vectors stand behind it in lines of their own (`ExchangedVector`), where they are asked for.
  static let space = ExchangeTable(
    name: "space",
    columns: [
      .init("id", .rowID), .init("bank", .bank), .init("model"), .init("dimension"), .init("state", .rebuilt),
      .init("generation", .rebuilt), .init("embedded_to", .rebuilt), .init("vector_count", .rebuilt),
      .init("last_page", .rebuilt), .init("created"),
    ])

  /// In the order in which a bank's rows stand in an export.
  static let all = [
    bank, directive, mentalModel, document, message, entity, entityApart, memory, echo, memorySource, goneMessage,
    changeGroup, journal, spending, space,
  ]

  /// The tables of which an export holds nothing, or nothing as it stands.
  static let leftOut = [
    // Of the file: its identity, its settings for background work, the steps that made it.
    "meta", "grdb_migrations",
    // Work that waits is queued anew from what is there to do; who has what is this file's affair.
    "job",
    // The word indexes of the memories, made from their texts.
    "word", "memory_fts", "memory_words",
    // Vectors travel by the memory that they belong to, wherever they are stored.
    "vector", "vector_page", "vector_dead", "embedding_queue",
    // Rows as they were before a change, by their numbers in this file.
    "row_image",
  ]
}
