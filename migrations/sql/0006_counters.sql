-- The fold of a food up to `closed_through`: a cache, and the lock of every write of its person.
CREATE TABLE counters (
    user_id        BINARY(16)   NOT NULL,
    food_id        BINARY(16)   NOT NULL,
    closed_through DATE         NOT NULL,
    kept_days      INT UNSIGNED NOT NULL,
    confirmed_days INT UNSIGNED NOT NULL,
    slip_days      INT UNSIGNED NOT NULL,
    skipped_days   INT UNSIGNED NOT NULL,
    missing_days   INT UNSIGNED NOT NULL,
    current_run    INT UNSIGNED NOT NULL,
    longest_run    INT UNSIGNED NOT NULL,
    next_milestone INT UNSIGNED NOT NULL,
    waiting_run    INT UNSIGNED NULL,
    last_slip_on   DATE         NULL,
    milestones     JSON         NOT NULL,
    PRIMARY KEY (user_id, food_id),
    FOREIGN KEY (user_id, food_id) REFERENCES foods (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
