/// The tables of the lives of Sparkplug's nodes and devices. A row is replaced in the transaction that stores the readings by which it
/// changed.
enum SparkplugSchema {
  static let sql = """
    -- Nodes and devices that give births: group/node, or group/node/device.
    CREATE TABLE sparkplug_lives (
      path TEXT PRIMARY KEY, epoch INTEGER NOT NULL, is_alive INTEGER NOT NULL,
      -- Messages of a node that never came, as its sequence numbers tell.
      missing INTEGER NOT NULL,
      -- Where its sequence numbers are, and by what its newest messages are known.
      state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- The payload of the last birth of each, by which aliases have names.
    CREATE TABLE sparkplug_births (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, payload BLOB NOT NULL) STRICT;

    -- Payloads that are about lives and have no values.
    ALTER TABLE progress ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;
    """

  static let times = """
    -- The newest value of each metric and the last, with their times, by which a birth after a restart is known to tell them again. Written with
    -- births, and at checkpoints.
    CREATE TABLE sparkplug_times (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, times BLOB NOT NULL) STRICT;
    """
}
