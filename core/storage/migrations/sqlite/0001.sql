-- Who is reachable where. Names of users and domains compare without case.
CREATE TABLE registration (
    user         TEXT    NOT NULL COLLATE NOCASE,
    domain       TEXT    NOT NULL COLLATE NOCASE,
    contact      TEXT    NOT NULL,
    profile      TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    cseq         INTEGER NOT NULL,
    user_agent   TEXT    NOT NULL,
    network_ip   TEXT    NOT NULL,
    network_port INTEGER NOT NULL,
    transport    TEXT    NOT NULL,
    nat          INTEGER NOT NULL,
    path         TEXT    NOT NULL, -- one route URI a line
    q            INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    auth_user    TEXT    NOT NULL,
    auth_realm   TEXT    NOT NULL,
    PRIMARY KEY (user, domain, contact)
);

-- Voicemail messages; the recordings are files.
CREATE TABLE message (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT    NOT NULL,
    user          TEXT    NOT NULL COLLATE NOCASE,
    domain        TEXT    NOT NULL COLLATE NOCASE,
    created       INTEGER NOT NULL,
    read          INTEGER NOT NULL, -- 0: new
    caller_name   TEXT    NOT NULL,
    caller_number TEXT    NOT NULL,
    folder        TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    seconds       INTEGER NOT NULL,
    state         TEXT    NOT NULL, -- recording, kept, saved, deleted
    urgent        INTEGER NOT NULL,
    forwarded_by  TEXT    NOT NULL,
    cut           INTEGER NOT NULL,
    UNIQUE (domain, user, uuid)
);

-- What owners of mailboxes have chosen.
CREATE TABLE preferences (
    user          TEXT NOT NULL COLLATE NOCASE,
    domain        TEXT NOT NULL COLLATE NOCASE,
    name_path     TEXT,
    greeting_path TEXT,
    password      TEXT, -- salted hash
    PRIMARY KEY (user, domain)
);
