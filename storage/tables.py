"""The tables that every journal began with; what came later is in the migrations."""

JOURNAL = """
CREATE TABLE event(
  gseq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
  prev INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, by TEXT NOT NULL,
  id TEXT NOT NULL, ver INTEGER NOT NULL, body BLOB NOT NULL,
  CHECK (0 <= prev AND prev < seq)) STRICT;
-- Fences a second writer of a stream; a second index would double the cost of a row.
CREATE UNIQUE INDEX event_stream_seq ON event(stream, seq);
-- Has its event's gseq as key, so that it needs no index of its own.
CREATE TABLE message(
  gseq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE ticket(
  stream INTEGER PRIMARY KEY, chat TEXT NOT NULL, site TEXT NOT NULL,
  profile TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL, until INTEGER,
  assignee TEXT, control TEXT NOT NULL, preview TEXT NOT NULL, waiting_since INTEGER,
  opened_at INTEGER NOT NULL, last_at INTEGER NOT NULL, closed_at INTEGER,
  seq INTEGER NOT NULL, due INTEGER, previous TEXT) STRICT;
-- One conversation per person and channel (spec F6), whatever the actors believe.
CREATE UNIQUE INDEX ticket_unclosed ON ticket(site, profile, channel)
  WHERE status <> 'closed';
CREATE INDEX ticket_person ON ticket(site, profile, channel, stream);
-- For the newest one before it; costs a row when a chat closes, and no message.
CREATE INDEX ticket_closed ON ticket(site, profile, channel) WHERE status = 'closed';
CREATE INDEX ticket_listed ON ticket(site, status, last_at);
CREATE INDEX ticket_held ON ticket(site, assignee, status);
CREATE INDEX ticket_due ON ticket(due) WHERE due IS NOT NULL;
-- A repeated chat.start finds its chat for life (spec F8).
CREATE TABLE start(
  site TEXT NOT NULL, profile TEXT NOT NULL, id TEXT NOT NULL,
  stream INTEGER NOT NULL, PRIMARY KEY (site, profile, id)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot(
  stream INTEGER PRIMARY KEY, seq INTEGER NOT NULL, ver INTEGER NOT NULL,
  at INTEGER NOT NULL, state BLOB NOT NULL) STRICT;
CREATE TABLE meta(
  key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

ACCOUNTS = """
CREATE TABLE site(
  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
  created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE key(
  kid TEXT NOT NULL PRIMARY KEY, site TEXT REFERENCES site(id),
  use TEXT NOT NULL CHECK (use = 'staff' AND site IS NULL
    OR use = 'shop' AND site IS NOT NULL),
  alg TEXT NOT NULL, secret BLOB NOT NULL, created_at INTEGER NOT NULL,
  removed_at INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE settings(
  site TEXT NOT NULL REFERENCES site(id), version INTEGER NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (site, version)) STRICT;
CREATE TABLE agent(
  site TEXT NOT NULL REFERENCES site(id), id TEXT NOT NULL,
  email TEXT COLLATE NOCASE, name TEXT NOT NULL, role TEXT NOT NULL, password TEXT,
  disabled_at INTEGER, created_at INTEGER NOT NULL,
  PRIMARY KEY (site, id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agent_email ON agent(email, site);
CREATE TABLE profile(
  site TEXT NOT NULL, id TEXT NOT NULL, sub TEXT, name TEXT, email TEXT, phone TEXT,
  locale TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (site, id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX profile_sub ON profile(site, sub);
"""
