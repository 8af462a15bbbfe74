-- When a person wants to be reminded. `days` has a bit for each day of the week, Monday the lowest. `next_at` is the next
-- time as an instant, for the date `next_on`: a cache, made with the zone, the start of the day and the version of the zone
-- database that stand beside it.
CREATE TABLE IF NOT EXISTS reminders (
    user_id   BINARY(16)       NOT NULL,
    id        BINARY(16)       NOT NULL,
    time      TIME             NOT NULL,
    days      TINYINT UNSIGNED NOT NULL,
    about     ENUM ('waiting', 'review') NOT NULL,
    discreet  BOOLEAN          NOT NULL,
    next_on   DATE             NOT NULL,
    next_at   DATETIME(6)      NOT NULL,
    time_zone VARCHAR(64)      NOT NULL,
    day_start TIME             NOT NULL,
    zones     VARBINARY(16)    NOT NULL,
    PRIMARY KEY (user_id, id),
    KEY by_next (next_at),
    KEY by_zones (zones),
    FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
