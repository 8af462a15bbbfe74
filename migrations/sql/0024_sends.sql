-- A notification to one channel. The key makes it happen once: for a reminder and a date, or for a milestone of a food.
-- `due_at` is when it is to be sent, or tried again; a claim moves it two minutes ahead, and NULL is the end. The payload
-- is kept only until then.
CREATE TABLE IF NOT EXISTS sends (
    user_id     BINARY(16)        NOT NULL,
    id          BINARY(16)        NOT NULL,
    channel_id  BINARY(16)        NOT NULL,
    kind        ENUM ('reminder', 'milestone', 'test') NOT NULL,
    subject_id  BINARY(16)        NOT NULL,
    date        DATE              NOT NULL,
    days        INT UNSIGNED      NOT NULL,
    payload     VARCHAR(4000)     NULL,
    first_at    DATETIME(6)       NOT NULL,
    due_at      DATETIME(6)       NULL,
    attempts    TINYINT UNSIGNED  NOT NULL DEFAULT 0,
    at          DATETIME(6)       NOT NULL,
    outcome     ENUM ('pending', 'sent', 'failed', 'gone', 'refused') NOT NULL DEFAULT 'pending',
    status      SMALLINT UNSIGNED NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY once (user_id, subject_id, date, days, channel_id),
    KEY by_due (due_at),
    KEY by_age (first_at),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
