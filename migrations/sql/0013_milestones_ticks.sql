-- A milestone that was reached lately: the key makes its announcement happen once for ever,
-- whatever edits and ticks follow.
CREATE TABLE milestones (
    user_id      BINARY(16)   NOT NULL,
    food_id      BINARY(16)   NOT NULL,
    days         INT UNSIGNED NOT NULL,
    reached_on   DATE         NOT NULL,
    announced_at DATETIME(6)  NULL,
    PRIMARY KEY (user_id, food_id, days),
    KEY by_announcement (announced_at, reached_on),
    FOREIGN KEY (user_id, food_id) REFERENCES foods (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
-- What each tick did, since the metrics of a process die with it. The alarm is `lag_days`: the age of
-- the oldest finished day that is still not closed. `drifted` must be 0.
CREATE TABLE ticks (
    id              BINARY(16)      NOT NULL,
    started_at      DATETIME(6)     NOT NULL,
    took_ms         INT UNSIGNED    NOT NULL,
    closed          BIGINT UNSIGNED NOT NULL,
    remaining       BIGINT UNSIGNED NOT NULL,
    lag_days        INT UNSIGNED    NOT NULL,
    checked         INT UNSIGNED    NOT NULL,
    drifted         INT UNSIGNED    NOT NULL,
    checked_through BINARY(16)      NOT NULL,
    PRIMARY KEY (id),
    KEY by_time (started_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
